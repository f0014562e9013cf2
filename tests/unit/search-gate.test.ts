// The gate before searches, between real threads: whoever comes while it is shut waits, and never for ever.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type TestContext, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { GateKeeper, gateMemory } from '../../app/storage/sqlite/search-gate.ts';
import { bounded, eventually } from '../support/bounded.ts';

const FOR_LONG_MS = 3_600_000;
const MODULE = new URL('../../app/storage/sqlite/search-gate.ts', import.meta.url).href;
/** Says that it comes, and works behind the gate until it is told to end. */
const GUEST = `
  import { parentPort, workerData } from 'node:worker_threads';
  import { GateGuest } from ${JSON.stringify(MODULE)};
  const guest = new GateGuest(workerData.memory);
  const end = new Int32Array(workerData.end);
  parentPort.postMessage('here');
  guest.pass(() => {
    parentPort.postMessage('in');
    Atomics.wait(end, 0, 0);
  });
  parentPort.postMessage('out');
`;

class Guest {
  readonly said: string[] = [];
  readonly #end = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;

  constructor(t: TestContext, memory: SharedArrayBuffer) {
    const source = new URL(`data:text/javascript,${encodeURIComponent(GUEST)}`);
    this.#worker = new Worker(source, { workerData: { memory, end: this.#end.buffer } });
    this.#worker.on('message', (word: string) => this.said.push(word));
    t.after(() => this.#worker.terminate());
  }

  async says(word: string): Promise<void> {
    await eventually(word, () => (this.said.includes(word) ? true : undefined));
  }

  async leave(): Promise<void> {
    const exit = once(this.#worker, 'exit');
    Atomics.store(this.#end, 0, 1);
    Atomics.notify(this.#end, 0);
    await bounded(exit, () => 'the end of the guest');
  }

  async kill(): Promise<void> {
    await bounded(this.#worker.terminate(), () => 'the end of the guest');
  }
}

describe('the gate before searches', () => {
  it('is open at first, and the writer sees who is at work', async (t) => {
    const memory = gateMemory();
    const keeper = new GateKeeper(memory);
    assert.equal(keeper.someAtWork, false);
    const guest = new Guest(t, memory);
    await guest.says('in');
    assert.equal(keeper.someAtWork, true);
    // Shut now, it does not disturb who is in.
    keeper.shut(FOR_LONG_MS);
    await guest.leave();
    assert.equal(keeper.someAtWork, false);
  });

  it('lets nobody in while it is shut, all when it opens', async (t) => {
    const memory = gateMemory();
    const keeper = new GateKeeper(memory);
    keeper.shut(FOR_LONG_MS);
    const guests = [new Guest(t, memory), new Guest(t, memory)];
    for (const guest of guests) await guest.says('here');
    await sleep(100);
    assert.deepEqual(
      guests.map(({ said }) => said),
      [['here'], ['here']],
    );
    assert.equal(keeper.someAtWork, false);
    keeper.open();
    for (const guest of guests) await guest.says('in');
    for (const guest of guests) await guest.leave();
  });

  it('opens by itself when the writer does not come back', async (t) => {
    const memory = gateMemory();
    const keeper = new GateKeeper(memory);
    keeper.shut(500);
    const guest = new Guest(t, memory);
    await guest.says('in');
    await guest.leave();
  });

  it('a thread can be ended while it waits', async (t) => {
    const memory = gateMemory();
    new GateKeeper(memory).shut(FOR_LONG_MS);
    const guest = new Guest(t, memory);
    await guest.says('here');
    await guest.kill();
    assert.deepEqual(guest.said, ['here']);
  });
});
