// The orders by time and by sender, filled by any steps and by several processes: lists and counts stay those of the messages.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { it } from 'node:test';
import fc from 'fast-check';
import { parseInstant } from '../../app/model/instant.ts';
import type { Message } from '../../app/model/message.ts';
import { compareOrder, type OrderKey } from '../../app/model/order.ts';
import { openForReading } from '../../app/storage/sqlite/file/connection.ts';
import { selectPage } from '../../app/storage/sqlite/read/page.ts';
import { readProgress } from '../../app/storage/sqlite/sender-progress.ts';
import { selectStats } from '../../app/storage/sqlite/read/stats.ts';
import { inSnapshot } from '../../app/storage/sqlite/file/snapshot.ts';
import { verifyCounts } from '../../app/storage/sqlite/maintenance/verify.ts';
import { Writer } from '../../app/storage/sqlite/write/writer.ts';

const SENDERS = ['+1', '+11', '+2', '+333'];

type Step =
  | { readonly kind: 'append'; readonly messages: readonly { from: string; second: number }[] }
  | { readonly kind: 'time' | 'both' | 'other process'; readonly most: number }
  | { readonly kind: 'senders'; readonly most: number; readonly roundMin: number }
  | { readonly kind: 'prune'; readonly from: string }
  | { readonly kind: 'prune before'; readonly second: number }
  | { readonly kind: 'restart' };

const most = fc.integer({ min: 1, max: 9 });
const steps = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('append' as const),
        messages: fc.array(fc.record({ from: fc.constantFrom(...SENDERS), second: fc.nat(5) }), {
          minLength: 1,
          maxLength: 12,
        }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('time' as const), most }) },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('senders' as const),
        most,
        roundMin: fc.integer({ min: 1, max: 15 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('both' as const), most }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('other process' as const), most }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('prune' as const),
        from: fc.constantFrom(...SENDERS),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('prune before' as const), second: fc.nat(5) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  ),
  { maxLength: 40 },
);

const tsOf = (second: number): string => `2025-01-15T10:00:0${second}Z`;
const secondsOf = (second: number): number => parseInstant(tsOf(second))?.seconds ?? 0;

function keyOf(message: Message): OrderKey {
  const instant = parseInstant(message.ts);
  assert.ok(instant);
  return { ...instant, messageId: message.message_id };
}

/** A file that two processes write and one reads, and what its messages should be. */
class Life {
  readonly #path: string;
  readonly #reader: DatabaseSync;
  readonly #other: Writer;
  #writer: Writer;
  #messages: Message[] = [];
  #given = 0;

  constructor(directory: string) {
    this.#path = join(directory, 'app.db');
    this.#writer = new Writer(this.#path);
    this.#other = new Writer(this.#path);
    this.#reader = openForReading(this.#path);
  }

  take(step: Step): void {
    if (step.kind === 'append') this.#append(step.messages);
    else if (step.kind === 'prune') this.#prune({ before: null, from: step.from });
    else if (step.kind === 'prune before')
      this.#prune({ before: { seconds: secondsOf(step.second), nanos: 0 }, from: null });
    else if (step.kind === 'restart') {
      this.#writer.close();
      this.#writer = new Writer(this.#path);
    } else assert.equal(this.#fill(step), null);
  }

  /** Everything that is asked by the order by sender, or by both, says what the messages say. */
  hold(): void {
    inSnapshot(this.#reader, () => {
      for (const from of [null, ...SENDERS]) this.#holdsList(from);
      const stats = selectStats(this.#reader);
      const counts = SENDERS.map((from) => ({ from, count: this.#of(from).length }))
        .filter(({ count }) => count > 0)
        .toSorted((a, b) => b.count - a.count || (a.from < b.from ? -1 : 1));
      assert.deepEqual(stats.messages_per_sender, counts);
      assert.equal(stats.senders_count, counts.length);
      assert.deepEqual(verifyCounts(this.#reader), []);
    });
  }

  /** However it was left: in the end the orders hold everything. */
  finish(): void {
    for (let turn = 0; this.#writer.orderBacklog() > 0; turn += 1) {
      assert.ok(turn < 1_000, 'the orders are never filled');
      assert.equal(this.#writer.fillOrder(3), null);
    }
    const { filledSeq, roundSeq } = readProgress(this.#reader);
    assert.deepEqual([filledSeq, roundSeq], [this.#given, this.#given]);
  }

  close(): void {
    this.#reader.close();
    this.#other.close();
    this.#writer.close();
  }

  #fill(step: Extract<Step, { most: number }>): string | null {
    if (step.kind === 'both') return this.#writer.fillOrder(step.most);
    if (step.kind === 'other process') return this.#other.fillOrder(step.most);
    return this.#writer.stepOrders((orders) => {
      if (step.kind === 'senders') orders.fillBySender(step.most, step.roundMin);
      else orders.fillByTime(step.most);
    });
  }

  #append(drafts: readonly { from: string; second: number }[]): void {
    const messages = drafts.map(({ from, second }): Message => {
      this.#given += 1;
      const id = `m${(this.#given * 7_919) % 1_000}-${this.#given}`;
      return { message_id: id, from, to: '+9', ts: tsOf(second), text: 'a text' };
    });
    assert.equal(this.#writer.append(messages).created, messages.length);
    this.#messages.push(...messages);
  }

  /** What both orders hold goes; what one of them lacks stays until another time. */
  #prune(selection: {
    before: { seconds: number; nanos: number } | null;
    from: string | null;
  }): void {
    const { filledSeq } = readProgress(this.#reader);
    const { removed, failure } = this.#writer.prune(selection, 1_000);
    assert.equal(failure, null);
    const seqs = this.#reader.prepare('SELECT message_id FROM messages').all();
    const left = new Set(seqs.map((row) => row['message_id']));
    const gone = this.#messages.filter((message) => !left.has(message.message_id));
    assert.equal(gone.length, removed);
    for (const message of gone) {
      assert.ok(selection.from === null || message.from === selection.from);
      assert.ok(selection.before === null || keyOf(message).seconds < selection.before.seconds);
    }
    if (filledSeq === this.#given) {
      const wanted = this.#messages.filter(
        (message) =>
          (selection.from === null || message.from === selection.from) &&
          (selection.before === null || keyOf(message).seconds < selection.before.seconds),
      );
      assert.equal(removed, wanted.length);
    }
    this.#messages = this.#messages.filter((message) => left.has(message.message_id));
  }

  #of(from: string | null): Message[] {
    return this.#messages
      .filter((message) => from === null || message.from === from)
      .toSorted((a, b) => compareOrder(keyOf(a), keyOf(b)));
  }

  #holdsList(from: string | null): void {
    const expected = this.#of(from);
    const base = { limit: 4, from, since: null, text: null, cursor: null };
    for (let offset = 0; offset <= expected.length; offset += 4) {
      const page = selectPage(this.#reader, { ...base, offset });
      assert.deepEqual(
        JSON.parse(Buffer.from(page.json).toString()),
        expected.slice(offset, offset + 4),
      );
      assert.equal(page.total, expected.length);
    }
    const found = selectPage(this.#reader, { ...base, offset: 0, text: 'TEXT' });
    assert.equal(found.total, expected.length);
  }
}

it('lists and counts are those of the messages, whatever was filled, by whom, and removed', () => {
  fc.assert(
    fc.property(steps, (plan) => {
      const directory = mkdtempSync(join(tmpdir(), 'oncebox-rounds-'));
      const life = new Life(directory);
      try {
        for (const step of plan) {
          life.take(step);
          life.hold();
        }
        life.finish();
        life.hold();
      } finally {
        life.close();
        rmSync(directory, { recursive: true });
      }
    }),
    { numRuns: 60 },
  );
});
