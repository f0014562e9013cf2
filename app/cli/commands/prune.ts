// `oncebox prune`: removes messages for good, and remembers their ids.
import type { Command } from 'commander';
import type { Instant } from '../../model/instant.ts';
import { CommandError, EXIT } from '../exit.ts';
import { databaseOf, withDatabase, withExamples, withJson } from '../options.ts';
import { bytes, type Terminal, whole } from '../terminal.ts';
import { instantOption } from './export.ts';

const DAY_SECONDS = 86_400;
const UNIT_SECONDS = { h: 3_600, d: DAY_SECONDS, w: 7 * DAY_SECONDS } as const;

interface PruneOptions {
  readonly before?: string;
  readonly olderThan?: string;
  readonly from?: string;
  readonly dryRun?: boolean;
  readonly vacuum?: boolean;
  readonly database?: string;
}

export function addPruneCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('prune')
    .description(
      'remove messages for good; their ids stay known, so that a late retry is a duplicate',
    )
    .option('--before <instant>', 'messages with an earlier ts than this')
    .option('--older-than <age>', 'messages whose ts is longer ago than this: 90d, 12h, 4w')
    .option('--from <number>', 'messages of this sender; with an age, only those of its messages')
    .option('--dry-run', 'count them and remove nothing')
    .option('--vacuum', 'write the whole file anew afterwards; posts get 503 meanwhile')
    .action((options: PruneOptions) => prune(terminal, options));
  withExamples(
    withJson(withDatabase(command)),
    ['prune --older-than 90d --dry-run', 'counts what is older than 90 days'],
    ['prune --from +919876543210 --vacuum', 'forgets a sender, to the last byte'],
  );
}

async function prune(terminal: Terminal, options: PruneOptions): Promise<void> {
  const before = beforeOf(options);
  const from = options.from ?? null;
  if (before === null && from === null)
    throw new CommandError('say what to remove: --before, --older-than or --from', EXIT.usage);
  const path = databaseOf(options);
  const { Pruner, countPrunable } = await import('../../storage/sqlite/maintenance/prune.ts');
  const matching = countPrunable(path, { before, from });
  if (options.dryRun === true) {
    terminal.result(
      { dryRun: true, matching },
      () => `${whole(matching)} messages would be removed`,
    );
    return;
  }
  const interruption = terminal.interruption();
  let progress = terminal.progress('removing messages');
  let phase = 'removing';
  const pruner = new Pruner(path, (now, done) => {
    interruption.throwIfAborted();
    if (now !== phase) progress = terminal.progress(PHASES[now]);
    phase = now;
    progress.update(done, now === 'removing' ? matching : null);
  });
  try {
    const startMs = performance.now();
    const pruned = await pruner.prune({ before, from }, options.vacuum === true);
    progress.end();
    const seconds = (performance.now() - startMs) / 1_000;
    terminal.result({ dryRun: false, ...pruned, seconds }, () => [
      `${whole(pruned.removed)} messages removed in ${seconds.toFixed(1)} s; ` +
        `the file had ${bytes(pruned.bytesBefore)} and has ${bytes(pruned.bytesAfter)}`,
    ]);
    if (!pruned.shrinkable)
      terminal.note(
        'This file is of an earlier version and shrinks only with --vacuum; new messages use its free space.',
      );
    if (!pruned.logEmptied)
      terminal.note(
        'The write-ahead log is in use and still holds the removed messages: prune again later.',
      );
  } finally {
    pruner.close();
  }
}

const PHASES = {
  removing: 'removing messages',
  index: 'clearing the search index, parts',
  shrinking: 'shrinking the file, pages',
} as const;

function beforeOf(options: PruneOptions): Instant | null {
  if (options.before !== undefined && options.olderThan !== undefined)
    throw new CommandError('--before and --older-than say the same: give one of them', EXIT.usage);
  if (options.olderThan === undefined) return instantOption('before', options.before);
  const [, count, unit] = /^([0-9]{1,6})([hdw])$/.exec(options.olderThan) ?? [];
  if (count === undefined)
    throw new CommandError('--older-than is an age such as 90d, 12h or 4w', EXIT.usage);
  const age = Number(count) * UNIT_SECONDS[unit as keyof typeof UNIT_SECONDS];
  return { seconds: Math.floor(Date.now() / 1_000) - age, nanos: 0 };
}
