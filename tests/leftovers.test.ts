// Tests that are killed leave no service behind: whatever ends them, it ends too.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { it } from 'node:test';
import { bounded, eventually } from './support/bounded.ts';
import { endAfter, temporaryDirectory } from './support/cleanup.ts';

const SUPPORT = new URL('support/service.ts', import.meta.url).href;
/** Starts two services as a test does, one of which has ended by itself before, and says their numbers. */
const TEST = `
  import { startService } from '${SUPPORT}';
  const t = { after: () => undefined };
  const [ended, left] = [await startService(t), await startService(t)];
  await ended.stop();
  process.stdout.write(ended.pid + ' ' + left.pid);
`;

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it('a service ends when the tests that started it get SIGKILL', async (t) => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', TEST], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Killed, it cannot remove what it made.
    env: { ...process.env, TMPDIR: temporaryDirectory(t) },
  });
  endAfter(t, child);
  const [said] = (await bounded(once(child.stdout, 'data'), () => 'the services')) as [Buffer];
  const [ended, left] = String(said).split(' ').map(Number);
  assert.ok(ended !== undefined && left !== undefined);
  assert.deepEqual([isThere(ended), isThere(left)], [false, true]);
  child.kill('SIGKILL');
  await eventually('the end of the service', () => !isThere(left) || undefined);
});
