// `oncebox prune`: removes messages and events for good, and remembers their ids.
import { type Command, InvalidArgumentError } from 'commander';
import type { Instant } from '../../model/instant.ts';
import { CommandError, EXIT } from '../exit.ts';
import { adminOf, instant, withDatabase, withExamples, withJson } from '../options.ts';
import { bytes, type Terminal, whole } from '../terminal.ts';

const DAY_SECONDS = 86_400;
const UNIT_SECONDS = { h: 3_600, d: DAY_SECONDS, w: 7 * DAY_SECONDS } as const;

interface PruneOptions {
  readonly before?: Instant;
  /** The instant that is so long ago. */
  readonly olderThan?: Instant;
  readonly source?: string;
  readonly from?: string;
  readonly dryRun?: boolean;
  readonly vacuum?: boolean;
  readonly database?: string;
}

export function addPruneCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('prune')
    .description(
      'remove messages and events for good; their ids are remembered, so that a late retry is a duplicate',
    )
    .option('--before <instant>', 'messages and events with an earlier ts than this', instant)
    .option(
      '--older-than <age>',
      'messages and events whose ts is longer ago than this: 90d, 12h, 4w',
      instantAgo,
    )
    .option(
      '--source <name>',
      'what came from this source; default: POST /webhook; with an age, only what is of that age',
    )
    .option(
      '--from <sender>',
      'messages of this sender, and the deliveries they came in; with an age or a source, only its messages of those',
    )
    .option('--dry-run', 'count them and remove nothing')
    .option('--vacuum', 'rewrite everything afterwards; posts get 503 meanwhile')
    .action((options: PruneOptions) => prune(terminal, options));
  withExamples(
    withJson(withDatabase(command)),
    ['prune --older-than 90d --dry-run', 'counts what is older than 90 days'],
    ['prune --from +919876543210 --vacuum', 'erases a sender, to the last byte'],
    ['prune --source billing', 'removes what came from a source that is not used any more'],
  );
}

async function prune(terminal: Terminal, options: PruneOptions): Promise<void> {
  if (options.before !== undefined && options.olderThan !== undefined)
    throw new CommandError('--before and --older-than exclude each other', EXIT.usage);
  const before = options.before ?? options.olderThan ?? null;
  const selection = { before, source: options.source ?? null, from: options.from ?? null };
  if (Object.values(selection).every((value) => value === null))
    throw new CommandError(
      'say what to remove: --before, --older-than, --source or --from',
      EXIT.usage,
    );
  const admin = await adminOf(options);
  const { messages: matching, events: matchingEvents } = await admin.countPrunable(selection);
  if (options.dryRun === true) {
    terminal.result(
      { dryRun: true, matching, matchingEvents },
      () => `${itemsText(matching, matchingEvents)} would be removed`,
    );
    return;
  }
  const startMs = performance.now();
  const progress = terminal.progress((stage: keyof typeof STAGES) => STAGES[stage]);
  const { details, notes, ...pruned } = await admin.prune(
    selection,
    { vacuum: options.vacuum === true, signal: terminal.interruption() },
    (stage, done) => progress(stage, done, stage === 'removing' ? matching + matchingEvents : null),
  );
  const seconds = (performance.now() - startMs) / 1_000;
  terminal.result({ dryRun: false, ...pruned, ...details, seconds }, () => [
    `${itemsText(pruned.removed, pruned.removedEvents)} removed in ${seconds.toFixed(1)} s; ` +
      `the database had ${bytes(pruned.bytesBefore)} and has ${bytes(pruned.bytesAfter)}`,
  ]);
  for (const note of notes) terminal.note(note);
}

function itemsText(messages: number, events: number): string {
  return `${whole(messages)} messages${events === 0 ? '' : ` and ${whole(events)} events`}`;
}

const STAGES = {
  removing: 'removing',
  index: 'updating the index',
  shrinking: 'shrinking the file, pages',
} as const;

/** Parses an age, and returns the instant that is so long ago. */
function instantAgo(value: string): Instant {
  const [, count, unit] = /^([0-9]{1,6})([hdw])$/.exec(value) ?? [];
  if (count === undefined)
    throw new InvalidArgumentError('It must be an age such as 90d, 12h or 4w.');
  const age = Number(count) * UNIT_SECONDS[unit as keyof typeof UNIT_SECONDS];
  return { seconds: Math.floor(Date.now() / 1_000) - age, nanos: 0 };
}
