// A consumer across any sequence of posts, imports, removals, restarts, backups and restores: each message once, none skipped.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import type { TestContext } from 'node:test';
import * as fc from 'fast-check';
import { oncebox } from '../cli/oncebox.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { Follower } from '../support/follower.ts';
import { type Draft, message } from '../support/message.ts';
import { type Service, startService } from '../support/service.ts';

/** What a database holds: the rank of each id's message, its sender, and which ids were removed. */
interface State {
  readonly rows: Map<string, { rank: number; from: string }>;
  readonly removed: Set<string>;
}

const copyOf = ({ rows, removed }: State): State => ({
  rows: new Map(rows),
  removed: new Set(removed),
});

/** Ids come again, and few senders are left or removed together. */
const draft = fc.record({ id: fc.nat(40), sender: fc.nat(3) });
const draftsUpTo = (maxLength: number) => fc.array(draft, { minLength: 1, maxLength });
const postings = fc.record({ kind: fc.constant('post'), drafts: draftsUpTo(12) });
const imports = fc.record({ kind: fc.constant('import'), drafts: draftsUpTo(30) });
const followings = fc.record({ kind: fc.constant('follow'), most: fc.nat(20) });
const removals = fc.record({
  kind: fc.constant('prune'),
  sender: fc.nat(3),
  vacuum: fc.boolean(),
});
const backups = fc.record({ kind: fc.constant('backup') });
const restarts = fc.record({ kind: fc.constant('restart'), kill: fc.boolean() });
const restores = fc.record({
  kind: fc.constant('restore'),
  which: fc.nat(5),
  lost: fc.boolean(),
  kill: fc.boolean(),
});
const steps = fc.oneof(
  { weight: 3, arbitrary: postings },
  { weight: 2, arbitrary: followings },
  imports,
  removals,
  backups,
  restarts,
  restores,
);
type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never;
type Restore = Extract<Step, { kind: 'restore' }>;

/** Anything between a backup and a restore, with a consumer that has seen what the restore takes away, and anything after it. */
const rounds = fc
  .tuple(fc.array(steps, { maxLength: 3 }), postings, restores, fc.array(steps, { maxLength: 3 }))
  .map(([before, posting, restoring, behind]): Step[] => [
    { kind: 'backup' },
    ...before,
    posting,
    { kind: 'follow', most: 1_000 },
    restoring,
    ...behind,
  ]);

/** The service and its consumer, and beside them the oracle: a rank is the place of a message among all that were ever stored. */
class Run {
  readonly #t: TestContext;
  readonly #directory: string;
  #service: Service;
  #state: State = { rows: new Map(), removed: new Set() };
  readonly #backups: { file: string; state: State }[] = [];
  #ranks = 0;
  #files = 0;
  /** What the consumer has stored: the id of its last event; and, for the oracle, the rank of that message. */
  #position = 0;
  #seenRank = 0;
  readonly #numberOf = new Map<number, number>();

  constructor(t: TestContext, service: Service) {
    this.#t = t;
    this.#service = service;
    this.#directory = service.directory;
  }

  async take(step: Step): Promise<void> {
    if (step.kind === 'post')
      await this.#service.store(...step.drafts.map((one) => this.#store(one)));
    else if (step.kind === 'import') await this.#import(step.drafts);
    else if (step.kind === 'follow') await this.#follow(step.most);
    else if (step.kind === 'prune') await this.#prune(`+4${step.sender}`, step.vacuum);
    else if (step.kind === 'backup') await this.#backUp();
    else if (step.kind === 'restart') await this.#stopped(step.kill, async () => undefined);
    else await this.#restore(step);
  }

  async end(): Promise<void> {
    await this.#follow(Infinity);
    await this.#service.stop();
    await this.#oncebox('check');
  }

  /** A message whose text is the rank that it has if it is stored; and stores it in the oracle. */
  #store({ id, sender }: { id: number; sender: number }): Draft {
    const from = `+4${sender}`;
    const messageId = `id ${id}`;
    const text = String(this.#ranks + 1);
    if (!this.#state.rows.has(messageId) && !this.#state.removed.has(messageId)) {
      this.#ranks += 1;
      this.#state.rows.set(messageId, { rank: this.#ranks, from });
    }
    return message({ message_id: messageId, from, text });
  }

  async #import(drafts: readonly { id: number; sender: number }[]): Promise<void> {
    const file = this.#file('ndjson');
    writeFileSync(file, drafts.map((one) => `${JSON.stringify(this.#store(one))}\n`).join(''));
    await this.#oncebox('import', file);
  }

  /** The consumer reads on from its position to the end, and is killed after `most` messages of its work. */
  async #follow(most: number): Promise<void> {
    await this.#service.store(this.#store({ id: 1_000 + this.#ranks, sender: 9 }));
    const expected = [...this.#state.rows.values()]
      .map(({ rank }) => rank)
      .filter((rank) => rank > this.#seenRank)
      .toSorted((a, b) => a - b);
    const follower = new Follower(this.#t, this.#service.port, '', String(this.#position));
    await follower.take(expected.length);
    follower.cut();
    assert.deepEqual(
      follower.events.map(({ data }) => Number(data.text)),
      expected,
    );
    for (const { id, data } of follower.events) {
      const rank = Number(data.text);
      assert.equal(this.#numberOf.get(id) ?? rank, rank, `number ${id} was given twice`);
      this.#numberOf.set(id, rank);
    }
    const last = follower.events.slice(0, most).at(-1);
    if (last === undefined) return;
    this.#position = last.id;
    this.#seenRank = Number(last.data.text);
  }

  async #prune(from: string, vacuum: boolean): Promise<void> {
    await this.#oncebox('prune', '--from', from, ...(vacuum ? ['--vacuum'] : []));
    for (const [id, row] of this.#state.rows)
      if (row.from === from) {
        this.#state.rows.delete(id);
        this.#state.removed.add(id);
      }
  }

  async #backUp(): Promise<void> {
    const file = this.#file('db');
    await this.#oncebox('backup', file);
    this.#backups.push({ file, state: copyOf(this.#state) });
  }

  async #restore({ which, lost, kill }: Restore): Promise<void> {
    const backup = this.#backups[which % Math.max(1, this.#backups.length)];
    if (backup === undefined) return;
    await this.#stopped(kill, async () => {
      if (lost) rmSync(this.#service.databasePath);
      await this.#oncebox('restore', backup.file);
    });
    this.#state = copyOf(backup.state);
  }

  async #stopped(kill: boolean, work: () => Promise<void>): Promise<void> {
    await this.#service.stop(kill ? 'SIGKILL' : 'SIGTERM');
    await work();
    this.#service = await startService(this.#t, { directory: this.#directory });
  }

  #file(extension: string): string {
    this.#files += 1;
    return join(this.#directory, `file-${this.#files}.${extension}`);
  }

  async #oncebox(...args: string[]): Promise<void> {
    const env = { DATABASE_URL: `sqlite:///${this.#service.databasePath}` };
    const { code, stdout, stderr } = await oncebox(this.#t, args, { env });
    // An import says with 4 that an id was there with another content.
    assert.ok(
      code === 0 || (code === 4 && args[0] === 'import'),
      `${args.join(' ')}: ${stdout}${stderr}`,
    );
  }
}

it('whatever is done, a consumer receives what is stored above its position once, in order, and no number comes twice', async (t) => {
  const property = fc.asyncProperty(
    fc.array(rounds, { minLength: 2, maxLength: 3, size: 'max' }),
    async (taken) => {
      const service = await startService(t, { directory: temporaryDirectory(t) });
      const run = new Run(t, service);
      for (const each of taken.flat()) await run.take(each);
      await run.end();
    },
  );
  await fc.assert(property, { numRuns: 5, endOnFailure: true });
});
