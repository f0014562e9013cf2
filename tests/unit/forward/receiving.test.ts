// When forwarding leaves the machine to the posts.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Receiving } from '../../../app/forward/receiving.ts';

/** Longer than the machine is looked at. */
const LONG_MS = 1_050;

/** The whole time is taken from the thread, however busy the machine is. */
function work(): void {
  const endMs = performance.now() + LONG_MS;
  while (performance.now() < endMs) Math.sqrt(endMs);
}

describe('receiving', () => {
  // The time of a thread is counted from the first turn of its event loop.
  before(async () => {
    await sleep(1);
  });

  it('is saturated while something is committed and the thread has no time left', () => {
    const receiving = new Receiving();
    receiving.committed();
    work();
    assert.equal(receiving.isSaturated, true);
    // Of the next second nothing is known yet.
    assert.equal(receiving.isSaturated, true);
  });

  it('is not while nothing is committed: it is forwarding that is busy', () => {
    const receiving = new Receiving();
    work();
    assert.equal(receiving.isSaturated, false);
  });

  it('is not while there is time left', async () => {
    const receiving = new Receiving();
    receiving.committed();
    await sleep(LONG_MS);
    assert.equal(receiving.isSaturated, false);
  });
});
