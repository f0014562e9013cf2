// Requests and the lines that the log has of them.
import assert from 'node:assert/strict';
import { sign } from './message.ts';
import type { LogLine } from './output.ts';
import type { Answer, Request } from './request.ts';
import type { Service } from './service.ts';

/** The keys of every request line. */
export const REQUEST_KEYS = ['latency_ms', 'level', 'method', 'path', 'request_id', 'status', 'ts'];

/** Returns the line of the request with this id as soon as it is written. */
export async function lineOf(service: Service, id: string): Promise<LogLine> {
  return await service.output.line(
    `the line of ${id}`,
    (line) => line.request_id === id && 'method' in line,
  );
}

/** Sends a request and returns its answer and its line. */
export async function logged(
  service: Service,
  request: Request,
): Promise<{ answer: Answer; line: LogLine }> {
  const answer = await service.send(request);
  return { answer, line: await lineOf(service, String(answer.headers['x-request-id'])) };
}

/** A request to /webhook with the right signature unless another is given. */
export function webhook(body: Buffer | string, signature = sign(body)): Request {
  return { method: 'POST', path: '/webhook', headers: { 'X-Signature': signature }, body };
}

/** Fails unless the line has exactly the keys of a request line and those in `more`, with values of the right kind. */
export function assertRequestLine(line: LogLine, more: string[] = []): void {
  assert.deepEqual(Object.keys(line).toSorted(), [...REQUEST_KEYS, ...more].toSorted());
  assert.match(String(line.ts), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  assert.ok(Math.abs(Date.parse(String(line.ts)) - Date.now()) < 3_600_000, 'server time');
  assert.ok(typeof line.latency_ms === 'number' && line.latency_ms >= 0);
  for (const value of [line.request_id, line.method, line.path])
    assert.equal(typeof value, 'string');
  assert.ok(Number.isInteger(line.status));
}
