// `oncebox replay`: decodes stored deliveries again, and stores what is new in them.
import { type Command, InvalidArgumentError } from 'commander';
import { ENVIRONMENT } from '../../config/environment.ts';
import type { DeliveryFilter } from '../../storage/archive.ts';
import { CommandError, EXIT } from '../exit.ts';
import { adminOf, wholeNumber, withDatabase, withExamples, withJson } from '../options.ts';
import { type Terminal, whole } from '../terminal.ts';
import type { Replayer } from '../transfer/replayer.ts';

interface Options {
  readonly type?: string;
  readonly source?: string;
  readonly all?: boolean;
  readonly database?: string;
}

const parseNumber = wholeNumber(1, Number.MAX_SAFE_INTEGER);

export function addReplayCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('replay')
    .description(
      'decode stored deliveries again, as their sources are configured now, and store what is new; items keep their ids, so nothing is stored twice',
    )
    .argument('[delivery...]', 'numbers of deliveries', addNumber)
    .option('--type <type>', 'deliveries with an event of this type, such as unparsed')
    .option('--source <name>', 'deliveries of this source')
    .option('--all', 'every delivery')
    .action((numbers: readonly number[] | undefined, options: Options) =>
      replay(terminal, numbers ?? [], options),
    );
  withExamples(
    withJson(withDatabase(command)),
    ['replay --type unparsed', 'after an upgrade that knows more kinds of messages'],
    ['replay 4711', 'one delivery, by the number that its items show'],
  );
}

function addNumber(value: string, previous: readonly number[] | undefined): readonly number[] {
  if (value === '') throw new InvalidArgumentError('It must be the number of a delivery.');
  return [...(previous ?? []), parseNumber(value)];
}

async function replay(
  terminal: Terminal,
  numbers: readonly number[],
  options: Options,
): Promise<void> {
  const filter = filterOf(numbers, options);
  const { readSources } = await import('../../config/sources.ts');
  const sources = readSources(ENVIRONMENT);
  const { Replayer: Replaying } = await import('../transfer/replayer.ts');
  const admin = await adminOf(options);
  // Rejects where there is no database: none is created.
  await admin.lastSeq();
  const startMs = performance.now();
  const replayer = new Replaying(admin, sources, terminal.interruption());
  try {
    const progress = terminal.progress();
    await replayer.run(filter, (done) => progress('replaying deliveries', done, null));
    await replayer.updateIndex((done) => progress('search index', done, null));
  } finally {
    replayer.close();
  }
  const missing = numbers.filter((number) => !replayer.found.has(number));
  report(terminal, replayer, missing, (performance.now() - startMs) / 1_000);
  if (missing.length + replayer.totals.skipped > 0) terminal.exitCode = EXIT.partly;
}

/** Throws CommandError unless one way of choosing is used. */
function filterOf(
  numbers: readonly number[],
  { type, source, all = false }: Options,
): DeliveryFilter {
  const isFiltered = type !== undefined || source !== undefined;
  if ([numbers.length > 0, isFiltered, all].filter(Boolean).length !== 1)
    throw new CommandError(
      'say what to replay: numbers of deliveries, or --type, --source or both, or --all',
      EXIT.usage,
    );
  return numbers.length > 0
    ? { numbers }
    : { source: source ?? null, eventType: type ?? null, upTo: null };
}

function report(
  terminal: Terminal,
  { totals, unknownSources }: Replayer,
  missing: readonly number[],
  seconds: number,
): void {
  const { deliveries, created, duplicates, conflicts, stillUnparsed, superseded, skipped } = totals;
  terminal.result({ ...totals, missing, seconds }, () => [
    `${whole(deliveries)} deliveries decoded in ${seconds.toFixed(1)} s: ` +
      `${whole(created)} items stored, ${whole(duplicates)} already stored, ${whole(conflicts)} with other content than stored`,
    ...(stillUnparsed === 0 ? [] : [`${whole(stillUnparsed)} deliveries still cannot be parsed`]),
    ...(superseded === 0
      ? []
      : [
          `${whole(superseded)} events are not in their deliveries any more as decoded now; they stay`,
        ]),
  ]);
  if (skipped > 0)
    terminal.note(
      `${whole(skipped)} deliveries were skipped: no source ${[...unknownSources].toSorted().join(', ')} is configured`,
    );
  if (missing.length > 0) terminal.note(`no such delivery: ${missing.join(', ')}`);
}
