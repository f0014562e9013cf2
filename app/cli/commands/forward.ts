// `oncebox forward`: what destinations have, and how they are steered, over the API of a running service.
import { type Command, InvalidArgumentError } from 'commander';
import { ENVIRONMENT } from '../../config/environment.ts';
import { readToken } from '../../config/secrets.ts';
import { parseInstant } from '../../model/instant.ts';
import { CommandError, EXIT } from '../exit.ts';
import { ForwardApi } from '../forward/api.ts';
import { type DeadLetter, type Destination, deadLines, destinationLines } from '../forward/text.ts';
import { httpUrl, wholeNumber, withExamples, withJson } from '../options.ts';
import { type Terminal, whole } from '../terminal.ts';

/** What the API takes and gives in one request. */
const IDS_MAX = 1_000;
const PAGE_MAX = 100;

interface Shared {
  readonly url: string;
}

export function addForwardCommand(program: Command, terminal: Terminal): void {
  const forward = program
    .command('forward')
    .description('show and steer what a running service forwards to your application');
  addStatus(forward, terminal);
  addDead(forward, terminal);
  addChange(forward, terminal, {
    verb: 'retry',
    done: 'retried',
    description: 'attempt dead letters again',
    said: 'attempted again',
  });
  addChange(forward, terminal, {
    verb: 'discard',
    done: 'discarded',
    description: 'forget dead letters; the items stay stored',
    said: 'forgotten',
  });
  addReplay(forward, terminal);
  withExamples(
    forward,
    ['forward status --json', 'prints how far each destination is'],
    ['forward retry app --all', 'attempts the dead letters of app again'],
  );
}

/** Adds `--url` and `--json`. */
function withService(command: Command): Command {
  return withJson(
    command.option(
      '--url <url>',
      'where the service is, with its BASE_PATH',
      httpUrl,
      'http://127.0.0.1:8000',
    ),
  );
}

/** Throws ConfigError where API_TOKEN cannot be used. */
function apiOf(terminal: Terminal, { url }: Shared): ForwardApi {
  const token = readToken(ENVIRONMENT, 'API_TOKEN');
  return new ForwardApi({ url, token, signal: terminal.interruption() });
}

/** Returns the path of something of a destination. */
function pathOf(name: string, what: string): string {
  return `/forwards/${encodeURIComponent(name)}/${what}`;
}

function addStatus(forward: Command, terminal: Terminal): void {
  const command = forward
    .command('status')
    .description('show the destinations, how far they are, and what keeps them')
    .action(async (options: Shared) => {
      const api = apiOf(terminal, options);
      const found = await api.get<{ data: readonly Destination[] }>('/forwards');
      terminal.result(found, () => destinationLines(found.data));
    });
  withExamples(withService(command), [
    "forward status --json | jq '.data[] | select(.dead > 0).name'",
    'prints the destinations that have dead letters',
  ]);
}

interface DeadOptions extends Shared {
  readonly limit: number;
  readonly after: number;
}

function addDead(forward: Command, terminal: Terminal): void {
  const command = forward
    .command('dead')
    .description('list dead letters of a destination, in the order of their numbers')
    .argument('<name>', 'the destination')
    .option('--limit <n>', 'the most that are listed', wholeNumber(1, 100_000), 100)
    .option(
      '--after <number>',
      'go on after this number',
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
      0,
    )
    .action(async (name: string, options: DeadOptions) => {
      const { letters, next } = await deadLetters(apiOf(terminal, options), name, options);
      terminal.result({ data: letters, next_cursor: next }, () => deadLines(letters));
      if (next !== null && !terminal.json) terminal.note(`there are more: --after ${next}`);
    });
  withExamples(withService(command), ['forward dead app', 'lists the first of them']);
}

/** Resolves with dead letters, and the number after which there are more; null where there are not. */
async function deadLetters(
  api: ForwardApi,
  name: string,
  { limit, after }: DeadOptions,
): Promise<{ letters: readonly DeadLetter[]; next: string | null }> {
  const letters: DeadLetter[] = [];
  let next: string | null = String(after);
  while (next !== null && letters.length < limit) {
    const query: string = `limit=${Math.min(PAGE_MAX, limit - letters.length)}&cursor=${next}`;
    const page = await api.get<{ data: readonly DeadLetter[]; next_cursor: string | null }>(
      `${pathOf(name, 'dead')}?${query}`,
    );
    letters.push(...page.data);
    next = page.next_cursor;
  }
  return { letters, next };
}

interface Change {
  readonly verb: 'retry' | 'discard';
  /** The key of how many, in the answer. */
  readonly done: 'retried' | 'discarded';
  readonly description: string;
  readonly said: string;
}

function addChange(forward: Command, terminal: Terminal, change: Change): void {
  const { verb, description } = change;
  const command = forward
    .command(verb)
    .description(description)
    .argument('<name>', 'the destination')
    .argument('[id...]', 'ids, as `forward dead` lists them')
    .option('--all', 'every dead letter of the destination')
    .action((name: string, ids: readonly string[], options: Shared & { readonly all?: boolean }) =>
      changeDead(terminal, change, name, ids, options),
    );
  withExamples(
    withService(command),
    [`forward ${verb} app whatsapp:wamid.X`, 'one of them'],
    [`forward ${verb} app --all`, 'all of them'],
  );
}

async function changeDead(
  terminal: Terminal,
  { verb, done, said }: Change,
  name: string,
  ids: readonly string[],
  options: Shared & { readonly all?: boolean },
): Promise<void> {
  const all = options.all === true;
  if (all === ids.length > 0)
    throw new CommandError(`say what to ${verb}: ids of dead letters, or --all`, EXIT.usage);
  const api = apiOf(terminal, options);
  const bodies: object[] = all ? [{ all }] : [];
  for (let at = 0; at < ids.length; at += IDS_MAX)
    bodies.push({ ids: ids.slice(at, at + IDS_MAX) });
  let count = 0;
  for (const body of bodies)
    count += (await api.post<Record<string, number>>(pathOf(name, verb), body))[done] ?? 0;
  terminal.result({ [done]: count }, () => `${whole(count)} dead letters ${said}`);
  const missing = new Set(ids).size - count;
  if (missing <= 0) return;
  terminal.note(`${whole(missing)} of the ids are no dead letters of ${name}`);
  terminal.exitCode = EXIT.partly;
}

interface ReplayOptions extends Shared {
  readonly from: number | string;
  readonly to?: number | string;
  readonly source?: string;
}

function addReplay(forward: Command, terminal: Terminal): void {
  const command = forward
    .command('replay')
    .description('send a destination again what it had: items that are finished, or dead')
    .argument('<name>', 'the destination')
    .requiredOption('--from <place>', 'the first number, or an instant of receipt', place)
    .option('--to <place>', 'the last number, or an instant, both included; default: now', place)
    .option('--source <name>', 'only what came from this source; default is that of POST /webhook')
    .action((name: string, options: ReplayOptions) => replay(terminal, name, options));
  withExamples(
    withService(command),
    ['forward replay app --from 2025-01-15T10:00:00Z', 'what came since then'],
    ['forward replay app --from 4711 --to 4711', 'one item, by its number'],
  );
}

/** Parses a number, or an instant, which stays the text that it is. */
function place(value: string): number | string {
  if (/^[1-9][0-9]{0,15}$/.test(value)) return Number(value);
  if (parseInstant(value) !== null) return value;
  throw new InvalidArgumentError(
    'It must be a number, or an instant such as 2025-01-15T10:00:00Z.',
  );
}

/** Asks until the selection is done: the service answers each request after a part of it. */
async function replay(
  terminal: Terminal,
  name: string,
  { from, to, source, url }: ReplayOptions,
): Promise<void> {
  const api = apiOf(terminal, { url });
  const progress = terminal.progress();
  // The end stays where it is: what is stored meanwhile is forwarded anyway.
  const end = to ?? (await lastSeq(api, name));
  let replayed = 0;
  let next: number | string | null = from;
  try {
    while (next !== null) {
      const body = { from: next, to: end, source };
      const part: { replayed: number; next: number | null } = await api.post(
        pathOf(name, 'replay'),
        body,
      );
      replayed += part.replayed;
      ({ next } = part);
      progress('sending again', replayed, null);
    }
  } catch (error) {
    if (next !== from)
      terminal.note(`${whole(replayed)} are sent again; go on with --from ${next}`);
    throw error;
  }
  terminal.result({ replayed }, () => `${whole(replayed)} items are sent again`);
}

/** Undefined where there is nothing yet, or no such destination, as the replay itself will say. */
async function lastSeq(api: ForwardApi, name: string): Promise<number | undefined> {
  const { data } = await api.get<{ data: readonly Destination[] }>('/forwards');
  return data.find((one) => one.name === name)?.last_seq || undefined;
}
