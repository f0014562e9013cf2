// The write-ahead log starts over while reads follow one another beside ingest; and searches go on where another program keeps it from that.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from '../../app/model/message.ts';
import type { MessageQuery } from '../../app/model/page.ts';
import { SqliteStore } from '../../app/storage/sqlite/store.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { SEARCH, WORD, silent } from './stores.ts';

/** Over so many bytes searches are held: 16,384 frames of 4,096 bytes and their heads. */
const LONG_BYTES = 16_384 * (4_096 + 24);
/** One message in so many holds the word. */
const WORD_EVERY = 100;
const FILLED = 8_000;
/** Over ten times as much log as the bound. */
const MESSAGES_MAX = 100_000;
const BATCH = 256;
/** Enough that each thread always has the next query: one thread searches, two answer what is short. */
const CLIENTS = { search: 3, page: 6 };
/** Longer than what a commit waits for reads while the log is not very long. */
const SNAPSHOT_MS = 200;
const FILLING = 'lorem ipsum dolor '.repeat(220);
const SEQUENCE_AT = 12;

class Scene {
  readonly path: string;
  readonly store: SqliteStore;
  readonly #end = new AbortController();
  #sent = 0;
  #stored = 0;
  #asking: Promise<number>[] = [];

  private constructor(path: string, store: SqliteStore) {
    this.path = path;
    this.store = store;
  }

  static async open(t: TestContext): Promise<Scene> {
    const path = join(temporaryDirectory(t), 'app.db');
    const options = {
      path,
      queueMessagesMax: 2 * BATCH,
      retentionDays: null,
      forwards: [],
      readerThreads: 2,
    };
    const scene = new Scene(path, await SqliteStore.open(options, silent));
    t.after(() => scene.store.close());
    while (scene.#stored < FILLED) await scene.append();
    return scene;
  }

  async append(): Promise<void> {
    const batch = Array.from({ length: BATCH }, () => this.#next());
    const outcomes = await Promise.all(batch.map((one) => this.store.append([one])));
    assert.ok(outcomes.every((outcome) => 'length' in outcome && outcome[0] === 'created'));
    this.#stored = this.#sent;
  }

  /** Appends until the condition holds. */
  async appendUntil(what: string, holds: () => boolean): Promise<void> {
    const end = this.#sent + MESSAGES_MAX;
    while (!holds()) {
      assert.ok(this.#sent < end, `no ${what}, after ${MESSAGES_MAX} messages and more`);
      await this.append();
    }
  }

  /** Several clients that ask without a pause, so that each thread is always at work and others wait for it. */
  ask(query: MessageQuery): void {
    const clients = query.text === null ? CLIENTS.page : CLIENTS.search;
    this.#asking = Array.from({ length: clients }, () => this.#client(query));
  }

  /** Ends the asking, and returns how many answers there were. Rejects if one was missing, or had a wrong total. */
  async answered(): Promise<number> {
    this.#end.abort();
    const counts = await Promise.all(this.#asking);
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** How often the log has been started over, by its header. */
  get begun(): number {
    const file = openSync(`${this.path}-wal`, 'r');
    try {
      const header = Buffer.alloc(SEQUENCE_AT + 4);
      readSync(file, header, 0, header.length, 0);
      return header.readUInt32BE(SEQUENCE_AT);
    } finally {
      closeSync(file);
    }
  }

  /** The log never becomes shorter while the store is open. */
  get logBytes(): number {
    return statSync(`${this.path}-wal`).size;
  }

  #next(): Message {
    const number = this.#sent;
    this.#sent += 1;
    const text = number < FILLED ? FILLING : '';
    return {
      // Long, and in no order: each message changes a page of its own, so that the log grows fast and the texts do not.
      message_id: hash('sha256', String(number)).repeat(4),
      from: `+1555${number % 50}`,
      to: '+14155550100',
      ts: '2025-01-15T10:00:00Z',
      text: number % WORD_EVERY === 0 ? text + WORD : text,
    };
  }

  async #client(query: MessageQuery): Promise<number> {
    const every = query.text === null ? 1 : WORD_EVERY;
    let answered = 0;
    while (!this.#end.signal.aborted) {
      const least = Math.ceil(this.#stored / every);
      const { total } = await this.store.page(query);
      const most = Math.ceil(this.#sent / every);
      assert.ok(least <= total && total <= most, `${total} of ${least} to ${most}`);
      answered += 1;
    }
    return answered;
  }
}

for (const [what, query] of [
  ['search', SEARCH],
  ['page', { ...SEARCH, text: null }],
] as const) {
  it(`starts over, and again, while one ${what} follows the other`, async (t) => {
    const scene = await Scene.open(t);
    scene.ask(query);
    // Each within the bound: while one long search runs, much is written on a machine with too much to do.
    for (const before = scene.begun; scene.begun < before + 3;) {
      const { begun } = scene;
      await scene.appendUntil('new beginning of the log', () => scene.begun > begun);
    }
    assert.ok((await scene.answered()) > 0);
  });
}

it('starts over beside short snapshots of which there is always one, as on a machine with too much to do', async (t) => {
  const scene = await Scene.open(t);
  const end = new AbortController();
  t.after(() => end.abort());
  const snapshots = [0, SNAPSHOT_MS / 2].map(async (delay) => {
    await sleep(delay);
    const other = new DatabaseSync(scene.path, { readOnly: true });
    while (!end.signal.aborted) {
      other.exec('BEGIN');
      other.prepare('SELECT count(*) FROM counters').get();
      await sleep(SNAPSHOT_MS);
      other.exec('COMMIT');
    }
    other.close();
  });
  const before = scene.begun;
  await scene.appendUntil('new beginning of the log', () => scene.begun > before);
  end.abort();
  await Promise.all(snapshots);
});

it("searches go on beside another program's snapshot, and the log starts over when that has ended", async (t) => {
  const scene = await Scene.open(t);
  const other = new DatabaseSync(scene.path, { readOnly: true });
  t.after(() => other.close());
  other.exec('BEGIN');
  other.prepare('SELECT count(*) FROM counters').get();
  scene.ask(SEARCH);
  const before = scene.begun;
  await scene.appendUntil('log over the bound', () => scene.logBytes > 2 * LONG_BYTES);
  assert.ok(scene.begun <= before + 1);
  assert.ok((await scene.store.page(SEARCH)).total > 0);
  other.exec('COMMIT');
  const held = scene.begun;
  await scene.appendUntil('new beginning of the log', () => scene.begun > held);
  assert.ok((await scene.answered()) > 0);
});
