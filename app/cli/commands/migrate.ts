// `oncebox migrate`: everything of one database into a new one, of another engine or of the same, and compared there.
import type { Command } from 'commander';
import { readDatabase } from '../../config/database.ts';
import { type DatabaseLocation, describeLocation } from '../../model/database.ts';
import type { StoreAdmin } from '../../storage/admin.ts';
import { openAdmin } from '../../storage/open.ts';
import { CommandError, EXIT } from '../exit.ts';
import { locationOf, withExamples, withJson } from '../options.ts';
import { rowsText, type Terminal, whole } from '../terminal.ts';
import type { MigrationEvents } from '../transfer/migration.ts';

interface Options {
  readonly from?: string;
  readonly to?: string;
}

export function addMigrateCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('migrate')
    .description(
      'copy a database into a new one, also of another engine: messages and events keep their numbers, and all is compared',
    )
    .option('--from <database>', 'the database to copy, a file or a URL (default: DATABASE_URL)')
    .option('--to <database>', 'the new database, a file or a URL (default: DATABASE_URL)')
    .action((options: Options) => migrate(terminal, options));
  withExamples(
    withJson(command),
    [
      'migrate --from sqlite:////data/app.db --to postgres://oncebox@db/oncebox',
      'copies beside the running service, and finishes when that has stopped; safe to run again',
    ],
    ['migrate --to sqlite:////data/app.db', 'goes back: from the database of DATABASE_URL'],
  );
}

async function migrate(terminal: Terminal, options: Options): Promise<void> {
  const { Migration } = await import('../transfer/migration.ts');
  const [from, to] = endsOf(options);
  const interruption = terminal.interruption();
  const startMs = performance.now();
  const source = await (await openAdmin(from)).openSource();
  try {
    const admin = await openAdmin(to);
    const target = await admin.openTarget();
    try {
      const migration = new Migration(source, target, interruption, eventsOf(terminal));
      const report = await migration.run();
      const seconds = (performance.now() - startMs) / 1_000;
      const value = { from: describeLocation(from), to: admin.location, ...report, seconds };
      await index(terminal, admin, interruption);
      terminal.result(value, () => [
        `${rowsText(report)} and ${whole(report.tombstones)} removed ids copied in ${seconds.toFixed(1)} s`,
        `both have the same ${whole(report.chunks)} chunks, SHA-256 ${report.sha256}`,
        `start the service with DATABASE_URL of ${admin.location}; the next message gets number ${report.lastSeq + 1}`,
      ]);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

function endsOf({ from, to }: Options): [from: DatabaseLocation, to: DatabaseLocation] {
  if (from === undefined && to === undefined)
    throw new CommandError('say what to copy: --from, --to, or both', EXIT.usage);
  const source = from === undefined ? readDatabase() : locationOf('--from', from);
  const target = to === undefined ? readDatabase() : locationOf('--to', to);
  if (describeLocation(source) === describeLocation(target))
    throw new CommandError('both ends are the same database', EXIT.usage);
  return [source, target];
}

function eventsOf(terminal: Terminal): MigrationEvents {
  const progress = terminal.progress<'copying' | 'comparing'>();
  let isWaiting = false;
  return {
    copying: (done, all) => progress('copying', done, all),
    waiting: (copied) => {
      if (isWaiting) return;
      isWaiting = true;
      terminal.note(
        `copied up to number ${copied}; it goes on until no service uses the source: stop it to finish`,
      );
    },
    comparing: (done, all) => progress('comparing', done, all),
  };
}

/** Builds lists and search, so that the service need not when it starts. */
async function index(terminal: Terminal, admin: StoreAdmin, signal: AbortSignal): Promise<void> {
  const bulk = await admin.openImport();
  try {
    const progress = terminal.progress<'search index'>();
    await bulk.updateLists(signal);
    await bulk.updateSearch(signal, (done) => progress('search index', done, null));
  } finally {
    bulk.close();
  }
}
