// The write-ahead log starts over while searches follow one another beside ingest; and searches go on where another program keeps it from that.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, it } from 'node:test';
import type { Message } from '../../app/model/message.ts';
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
const SEARCHERS = 4;
const FILLING = 'lorem ipsum dolor '.repeat(220);
const SEQUENCE_AT = 12;

class Scene {
  readonly path: string;
  readonly store: SqliteStore;
  readonly #end = new AbortController();
  #sent = 0;
  #stored = 0;
  #searching: Promise<number>[] = [];

  private constructor(path: string, store: SqliteStore) {
    this.path = path;
    this.store = store;
  }

  static async open(t: TestContext): Promise<Scene> {
    const path = join(temporaryDirectory(t), 'app.db');
    const options = { path, queueMessagesMax: 2 * BATCH, retentionDays: null, readerThreads: 2 };
    const scene = new Scene(path, await SqliteStore.open(options, silent));
    t.after(() => scene.store.close());
    while (scene.#stored < FILLED) await scene.append();
    return scene;
  }

  async append(): Promise<void> {
    const batch = Array.from({ length: BATCH }, () => this.#next());
    const outcomes = await Promise.all(batch.map((one) => this.store.append(one)));
    assert.ok(outcomes.every((outcome) => outcome === 'created'));
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

  /** Several clients that search without a pause, so that one is always at work and others wait for it. */
  search(): void {
    this.#searching = Array.from({ length: SEARCHERS }, () => this.#searcher());
  }

  /** Gives how many searches were answered. Rejects if one was not, or with a wrong total. */
  async searched(): Promise<number> {
    this.#end.abort();
    const counts = await Promise.all(this.#searching);
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

  async #searcher(): Promise<number> {
    let answered = 0;
    while (!this.#end.signal.aborted) {
      const least = Math.ceil(this.#stored / WORD_EVERY);
      const { total } = await this.store.page(SEARCH);
      const most = Math.ceil(this.#sent / WORD_EVERY);
      assert.ok(least <= total && total <= most, `${total} of ${least} to ${most}`);
      answered += 1;
    }
    return answered;
  }
}

it('starts over, and again, while one search follows the other', async (t) => {
  const scene = await Scene.open(t);
  scene.search();
  const before = scene.begun;
  await scene.appendUntil('new beginning of the log', () => scene.begun >= before + 3);
  assert.ok((await scene.searched()) > 0);
});

it("searches go on beside another program's snapshot, and the log starts over when that has ended", async (t) => {
  const scene = await Scene.open(t);
  const other = new DatabaseSync(scene.path, { readOnly: true });
  t.after(() => other.close());
  other.exec('BEGIN');
  other.prepare('SELECT count(*) FROM counters').get();
  scene.search();
  const before = scene.begun;
  await scene.appendUntil('log over the bound', () => scene.logBytes > 2 * LONG_BYTES);
  assert.ok(scene.begun <= before + 1);
  assert.ok((await scene.store.page(SEARCH)).total > 0);
  other.exec('COMMIT');
  const held = scene.begun;
  await scene.appendUntil('new beginning of the log', () => scene.begun > held);
  assert.ok((await scene.searched()) > 0);
});
