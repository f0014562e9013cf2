// A disk that fails: no post is acknowledged that is not durable, the service goes on, and what was refused can be sent again.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { DISK_FAULTS, surviveFault } from './disk-faults.ts';
import { buildShim } from './shim.ts';

const built = buildShim({ after });

/** The others are tried by `npm run torture`. */
const TRIED = ['one sync fails', 'syncs fail and the file cannot be opened again'];

describe('a disk where', { concurrency: 3 }, () => {
  for (const name of TRIED) {
    it(`${name}: no false 200, and the service recovers by itself`, async (t) => {
      const fault = DISK_FAULTS[name];
      assert.ok(fault);
      if ('reason' in built) t.skip(built.reason);
      else await surviveFault(t, built.library, fault);
    });
  }
});
