// Search leaves the processor to the commits while many messages come, and catches up wherever it takes nothing from them.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { SearchPace } from '../../app/storage/sqlite/index/search-pace.ts';

const SATURATED = { tookMs: 600, processorMs: 420 };
const ALONE = { tookMs: 600, processorMs: 580 };
/** More than search may lack before it works while many messages come, and less. */
const [MANY, FEW] = [65_537, 65_536];

it('search works at any time while few messages come', () => {
  const pace = new SearchPace();
  pace.stepped('lists', SATURATED);
  for (let steps = 0; steps < 3; steps += 1) {
    assert.equal(pace.allows(false, FEW), true);
    pace.stepped('search', SATURATED);
  }
});

it('while many messages come, it waits until it lacks many', () => {
  const pace = new SearchPace();
  for (const time of [SATURATED, ALONE]) {
    pace.stepped('lists', time);
    assert.equal(pace.allows(true, FEW), false);
    assert.equal(pace.allows(true, MANY), true);
  }
});

it('on a saturated machine it takes one batch after each of the lists', () => {
  const pace = new SearchPace();
  pace.stepped('lists', SATURATED);
  for (let rounds = 0; rounds < 3; rounds += 1) {
    assert.equal(pace.allows(true, MANY), true);
    pace.stepped('search', SATURATED);
    assert.equal(pace.allows(true, MANY), false);
    pace.stepped('none', { tookMs: 0.1, processorMs: 0.1 });
    assert.equal(pace.allows(true, MANY), false);
    pace.stepped('lists', SATURATED);
  }
});

it('where a processor is free, nothing holds it back but the lists', () => {
  const pace = new SearchPace();
  pace.stepped('lists', SATURATED);
  pace.stepped('search', ALONE);
  for (let steps = 0; steps < 3; steps += 1) {
    assert.equal(pace.allows(true, MANY), true);
    pace.stepped('search', ALONE);
  }
});

it('short steps are measured together', () => {
  const pace = new SearchPace();
  for (let steps = 0; steps < 9; steps += 1)
    pace.stepped('search', { tookMs: 50, processorMs: 30 });
  assert.equal(pace.allows(true, MANY), true);
  pace.stepped('search', { tookMs: 50, processorMs: 30 });
  assert.equal(pace.allows(true, MANY), false);
});

it('the time of a step is that of the clock and of its thread', () => {
  const pace = new SearchPace();
  const waiting = new Int32Array(new SharedArrayBuffer(4));
  const step = pace.timed(() => {
    Atomics.wait(waiting, 0, 0, 1_000);
    return 'search';
  });
  assert.equal(step, 'search');
  assert.equal(pace.allows(true, MANY), false);
});
