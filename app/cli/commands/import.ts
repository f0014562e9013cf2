// `oncebox import`: messages, events and deliveries from NDJSON, or messages from CSV, each stored exactly once.
import type { Command } from 'commander';
import { ENVIRONMENT } from '../../config/environment.ts';
import { CommandError, EXIT } from '../exit.ts';
import { inputBytes } from '../input.ts';
import { adminOf, formatOption, withDatabase, withExamples, withJson } from '../options.ts';
import { type Terminal, whole } from '../terminal.ts';
import { type Format, formatOf } from '../transfer/format.ts';
import type { ImportTotals } from '../transfer/importer.ts';

interface ImportOptions {
  readonly format?: Format;
  readonly rejects?: string;
  readonly database?: string;
}

export function addImportCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('import')
    .description(
      'store what an export wrote, or messages from NDJSON or CSV, each exactly once; what is already stored stays as it is',
    )
    .argument(
      '<file>',
      'the output of `oncebox export`, or webhook bodies, one per line; - for stdin',
    )
    .addOption(formatOption())
    .option('--rejects <file>', 'where rejected rows are written; default: FILE.rejects.ndjson')
    .action((file: string, options: ImportOptions) => importFrom(terminal, file, options));
  withExamples(
    withJson(withDatabase(command)),
    [
      'import messages.ndjson',
      'safe to run again after an interruption: what is stored is skipped',
    ],
    ['import --format csv - < messages.csv', 'from standard input'],
  );
}

async function importFrom(terminal: Terminal, file: string, options: ImportOptions): Promise<void> {
  const { Importer } = await import('../transfer/importer.ts');
  const { refuseOwnFile } = await import('../transfer/own-files.ts');
  const { readSourceNames } = await import('../../config/sources.ts');
  const isStdin = file === '-';
  const format = options.format ?? formatOf(file);
  const bytes = isStdin ? null : inputBytes(file);
  const rejects = options.rejects ?? `${isStdin ? 'stdin' : file}.rejects.ndjson`;
  const admin = await adminOf(options);
  refuseOwnFile('--rejects', rejects, admin.location, isStdin ? null : file);
  const interruption = terminal.interruption();
  const importer = new Importer({
    bulk: await admin.openImport(),
    file: isStdin ? null : file,
    format,
    sources: readSourceNames(ENVIRONMENT),
    rejectsFile: rejects,
    interruption,
  });
  try {
    const progress = terminal.progress();
    await importer.store((done) => progress('importing', done, bytes));
    if (importer.totals.failure === null)
      await importer.updateSearch((done) => progress('search index', done, null));
  } finally {
    await importer.close();
    report(terminal, importer.totals, rejects);
  }
  const { failure, rejected, conflicts, events } = importer.totals;
  if (failure !== null)
    throw new CommandError(`${file}: ${failure}; everything before it is stored`);
  if (rejected + conflicts + events.conflicts > 0) terminal.exitCode = EXIT.partly;
}

function report(terminal: Terminal, totals: ImportTotals, rejects: string): void {
  const { rows, events, deliveries, rejected, seconds } = totals;
  const created = totals.created + events.created + deliveries.created;
  const duplicates = totals.duplicates + events.duplicates + deliveries.duplicates;
  const conflicts = totals.conflicts + events.conflicts;
  const refused = rejected + conflicts > 0;
  const isMixed = rows > totals.created + totals.duplicates + totals.conflicts + rejected;
  terminal.result({ ...totals, rejects: refused ? rejects : null }, () => [
    `${whole(rows)} rows in ${seconds.toFixed(1)} s (${whole(rows / Math.max(seconds, 0.001))} a second): ` +
      `${whole(created)} stored, ${whole(duplicates)} already stored`,
    ...(isMixed
      ? [
          `stored were ${whole(totals.created)} messages, ${whole(events.created)} events and ${whole(deliveries.created)} deliveries`,
        ]
      : []),
    ...(refused
      ? [
          `${whole(rejected)} rejected, ${whole(conflicts)} with other content than stored: see ${rejects}`,
        ]
      : []),
  ]);
}
