// A service with an index worth damaging, and what must hold of it meanwhile: posts are accepted, reads are right or refused, the index heals.
import assert from 'node:assert/strict';
import { copyFileSync, cpSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { oncebox } from '../cli/oncebox.ts';
import { fold, inOrder } from '../properties/oracle.ts';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { parseExposition } from '../support/exposition.ts';
import { message } from '../support/message.ts';
import type { Stored } from '../support/message.ts';
import { Service, startService } from '../support/service.ts';
import type { Options } from '../support/service.ts';
import { pageIn, statsIn } from '../support/shapes.ts';

/** Enough that the list of all has several segments, and the index some hundred pages. */
const MESSAGES = 4_800;
const SINCE = '2025-01-15T12:00:00Z';
/** So long is waited for a kill that may not come. */
const KILL_MS_MAX = 4_000;
/** Posts of one turn of `live`. */
const POSTS = 12;

let made = 0;

/** A message unlike any other, at a place in the middle of the list. */
function next(overrides: Partial<Stored> = {}): Stored {
  made += 1;
  const minute = (made * 7) % 600;
  return message({
    message_id: `scene-${made}`,
    from: `+1555${made % 41}`,
    ts: `2025-01-15T${String(8 + Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}:00Z`,
    text: `group${made % 300}end of the text${made}end ${'filling '.repeat(made % 12)}`,
    ...overrides,
  }) as unknown as Stored;
}

/** Folded texts of messages: each is searched in many times. Those of a scene are ASCII, where a substring is one of code points. */
const foldedTexts = new WeakMap<Stored, string>();

function foldedText(stored: Stored): string {
  let folded = foldedTexts.get(stored);
  if (folded === undefined) {
    folded = fold(stored.text ?? '');
    foldedTexts.set(stored, folded);
  }
  return folded;
}

/** A directory with a database and its index, both complete and closed, and the messages in it. */
export interface Prepared {
  readonly directory: string;
  readonly stored: readonly Stored[];
}

/** Makes one in an empty directory, for tests to copy; `differs` says in what messages differ from those of `next`. */
export async function prepare(
  t: Cleaner,
  directory: string,
  messages = MESSAGES,
  differs: (place: number) => Partial<Stored> = () => ({}),
): Promise<Prepared> {
  const stored = Array.from({ length: messages }, (_, place) => next(differs(place)));
  const input = join(temporaryDirectory(t), 'in.ndjson');
  writeFileSync(input, stored.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  const result = await oncebox(t, ['import', '-d', join(directory, 'app.db'), input]);
  assert.equal(result.code, 0, result.stderr);
  return { directory, stored };
}

/** One database through whatever becomes of its index. */
export class Scene {
  readonly directory: string;
  readonly stored: Map<string, Stored>;
  readonly #t: Cleaner;
  readonly #unanswered: Stored[] = [];
  #service: Service | null = null;

  /** On a copy of what was prepared, or in the given directory, with these messages in it. */
  constructor(t: Cleaner, prepared: Prepared, directory = temporaryDirectory(t)) {
    this.#t = t;
    this.directory = directory;
    for (const name of readdirSync(prepared.directory))
      cpSync(join(prepared.directory, name), join(directory, name));
    this.stored = new Map(prepared.stored.map((stored) => [stored.message_id, stored]));
  }

  get index(): string {
    return join(this.directory, 'app.db-index');
  }

  get service(): Service {
    if (this.#service === null) throw new Error('the service does not run');
    return this.#service;
  }

  async start(options: Options = {}): Promise<void> {
    this.#service = await startService(this.#t, { ...options, directory: this.directory });
    for (const stored of this.#unanswered.splice(0)) {
      const answer = await this.service.post({ ...stored });
      assert.equal(answer.status, 200, answer.text);
      this.stored.set(stored.message_id, stored);
    }
  }

  /** Starts it and posts until it is killed by what it meets; it may never listen. What was not answered may be stored or not. */
  async startUntilKilled(options: Options, isKilled: () => boolean): Promise<void> {
    const process = new Service(this.#t, { ...options, directory: this.directory });
    await Promise.race([process.listening(), process.exited]);
    const end = Date.now() + KILL_MS_MAX;
    while (!isKilled() && Date.now() < end) {
      const stored = next();
      // Sent again until it is answered: it is there once either way.
      this.#unanswered.push(stored);
      const answer = await process.post({ ...stored }).catch(() => undefined);
      if (answer === undefined) break;
      assert.equal(answer.status, 200, answer.text);
      this.#unanswered.pop();
      this.stored.set(stored.message_id, stored);
    }
    await process.stop('SIGKILL');
  }

  /** Puts the file of another index in the place of this one's. */
  take(index: string): void {
    copyFileSync(index, this.index);
  }

  /** Stops or kills it; everything that was refused until then was a read, because of the index. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const { service } = this;
    this.#service = null;
    const { code } = await service.stop(signal);
    assert.equal(code, signal === 'SIGTERM' ? 0 : null);
    for (const { status, reason, path } of service.output.requests())
      assert.ok(
        status === 200 || (status === 503 && reason === 'index_behind'),
        `${String(path)}: ${String(status)} ${String(reason)}`,
      );
    assert.equal(service.output.stderr, '');
  }

  /** Posts messages, all of which must be accepted. */
  async post(count = POSTS, overrides: Partial<Stored> = {}): Promise<Stored[]> {
    const posted = Array.from({ length: count }, () => next(overrides));
    const answers = await Promise.all(posted.map((stored) => this.service.post({ ...stored })));
    for (const [place, answer] of answers.entries()) {
      const stored = posted[place] as Stored;
      assert.equal(answer.status, 200, answer.text);
      this.stored.set(stored.message_id, stored);
    }
    return posted;
  }

  /** Posts, and compares every kind of read with the messages. Returns how many reads were refused. */
  async live(count = POSTS): Promise<number> {
    const posted = await this.post(count);
    return await this.read(posted.at(-1) ?? next());
  }

  /** Compares every kind of read with the messages; `one` is searched for. Returns how many were refused. */
  async read(one: Stored): Promise<number> {
    const all = inOrder([...this.stored.values()]);
    const word = /text[0-9]+end/.exec(one.text ?? '')?.[0] ?? 'absent';
    const group = /group[0-9]+end/.exec(one.text ?? '')?.[0] ?? 'absent';
    const by = (from: string): Stored[] => all.filter((stored) => stored.from === from);
    const having = (text: string): Stored[] => {
      const part = fold(text);
      return all.filter((stored) => foldedText(stored).includes(part));
    };
    const since = all.filter((stored) => stored.ts >= SINCE);
    const offset = Math.floor(all.length / 2);
    const from = encodeURIComponent(one.from);
    const refused = await Promise.all([
      this.#page('limit=20', all.slice(0, 20), all.length),
      this.#page(`limit=20&offset=${offset}`, all.slice(offset, offset + 20), all.length),
      this.#page(`limit=5&from=${from}`, by(one.from).slice(0, 5), by(one.from).length),
      this.#page(`limit=5&since=${SINCE}`, since.slice(0, 5), since.length),
      this.#page(`q=${word.toUpperCase()}`, having(word).slice(0, 50), having(word).length),
      this.#page(`limit=9&q=${group}`, having(group).slice(0, 9), having(group).length),
      this.#stats(all),
    ]);
    return refused.filter(Boolean).length;
  }

  /** Waits until the index has everything again, and compares once more, whatever is read from it. */
  async healed(): Promise<void> {
    await this.indexed();
    for (let turn = 0; turn < 2; turn += 1) assert.equal(await this.live(), 0, 'refused reads');
  }

  /** Waits until the index has everything. */
  async indexed(): Promise<void> {
    await eventually('the index to be complete', async () => {
      const families = parseExposition((await this.service.get('/metrics')).text);
      const lacks = ['list', 'search'].map(
        (name) => families.get(`oncebox_${name}_backlog_messages`)?.samples[0]?.value,
      );
      return (existsSync(this.index) && lacks.every((lack) => lack === 0)) || undefined;
    });
  }

  /** Reads the whole list, page by page; what is wrong in it is found and healed by that. */
  async walk(): Promise<void> {
    const all = inOrder([...this.stored.values()]);
    for (let at = 0; at < all.length; at += 100)
      await this.#page(`limit=100&offset=${at}`, all.slice(at, at + 100), all.length);
    await this.healed();
  }

  /** Stops it; database and index agree by `oncebox check`. */
  async end(): Promise<void> {
    await this.stop();
    await this.assertSound();
  }

  /** Texts are searched for in `read`: each takes the check as long as all of them are many. */
  async assertSound(): Promise<void> {
    const { code, stdout, stderr } = await oncebox(this.#t, [
      'check',
      '--quick',
      '-d',
      join(this.directory, 'app.db'),
    ]);
    assert.equal(code, 0, `${stdout} ${stderr}`);
  }

  async #page(query: string, data: readonly Stored[], total: number): Promise<boolean> {
    const answer = await this.service.get(`/messages?${query}`);
    if (answer.status === 503) return true;
    assert.equal(answer.status, 200, answer.text);
    const page = pageIn(answer.json());
    assert.deepEqual([page.total, page.data], [total, data], query);
    return false;
  }

  async #stats(all: readonly Stored[]): Promise<boolean> {
    const answer = await this.service.get('/stats');
    if (answer.status === 503) return true;
    const counts = new Map<string, number>();
    for (const { from } of all) counts.set(from, (counts.get(from) ?? 0) + 1);
    const senders = [...counts]
      .map(([from, count]) => ({ from, count }))
      .toSorted((a, b) => b.count - a.count || (a.from < b.from ? -1 : 1));
    const stats = statsIn(answer.json());
    assert.deepEqual(
      [stats.total_messages, stats.senders_count, stats.messages_per_sender],
      [all.length, senders.length, senders.slice(0, 10)],
    );
    return false;
  }
}
