// A start that must be refused: in one JSON line on standard error, without a stack trace, with an exit code that is not 0.
import assert from 'node:assert/strict';
import type { Cleaner } from './cleanup.ts';
import { parseLogLine } from './output.ts';
import { ServiceProcess } from './service.ts';
import type { Options } from './service.ts';

/**
 * Starts the service, which must refuse to, with the exit code where one is given. Returns the `msg` of its one line, which must name
 * `variable`.
 */
export async function refusal(
  t: Cleaner,
  variable: string,
  options: Options,
  exitCode?: number,
): Promise<string> {
  const service = new ServiceProcess(t, options);
  const { code, signal } = await service.exit();
  const { stdout, stderr } = service.output;
  assert.equal(signal, null);
  assert.ok(code !== 0 && code !== null, `exit code ${code}`);
  if (exitCode !== undefined) assert.equal(code, exitCode);
  for (const line of service.output.lines()) assert.notEqual(line.event, 'listening');
  assert.equal(stderr.split('\n').length, 2, `one line: ${stderr}`);
  const line = parseLogLine(stderr);
  assert.deepEqual([line.level, line.event], ['ERROR', 'startup_failed']);
  assert.ok(typeof line.msg === 'string' && line.msg.includes(variable), stderr);
  assert.doesNotMatch(stderr + stdout, /\\n\s+at |node:internal|\.ts:\d+/);
  return line.msg;
}
