// The bodies of answers, checked key by key: exactly the promised keys with the promised types, nothing more.
import assert from 'node:assert/strict';
import type { Stored } from './message.ts';

/** An answer of `GET /messages`. */
export interface Page {
  data: Stored[];
  total: number;
  limit: number;
  offset: number;
}

/** An answer of `GET /stats`. */
export interface Stats {
  total_messages: number;
  senders_count: number;
  messages_per_sender: { from: string; count: number }[];
  first_message_ts: string | null;
  last_message_ts: string | null;
}

/** One entry of the `detail` of a 422. */
export interface Issue {
  type: string;
  loc: (string | number)[];
  msg: string;
  input: unknown;
}

/** Takes anything. Returns it as an object with exactly these keys, in any order unless no keys are given. */
export function recordIn(value: unknown, keys?: string[]): Record<string, unknown> {
  assert.ok(isRecord(value), `not an object: ${JSON.stringify(value)}`);
  if (keys) assert.deepEqual(Object.keys(value).toSorted(), keys.toSorted());
  return value;
}

/** Takes the parsed body of a page. Fails when it is not exactly that. */
export function pageIn(value: unknown): Page {
  const { data, total, limit, offset } = recordIn(value, ['data', 'total', 'limit', 'offset']);
  return {
    data: listIn(data).map(storedIn),
    total: countIn(total),
    limit: countIn(limit),
    offset: countIn(offset),
  };
}

/** Takes the parsed body of the statistics. Fails when it is not exactly that. */
export function statsIn(value: unknown): Stats {
  const stats = recordIn(value, [
    'total_messages',
    'senders_count',
    'messages_per_sender',
    'first_message_ts',
    'last_message_ts',
  ]);
  return {
    total_messages: countIn(stats['total_messages']),
    senders_count: countIn(stats['senders_count']),
    messages_per_sender: listIn(stats['messages_per_sender']).map((entry) => {
      const { from, count } = recordIn(entry, ['from', 'count']);
      return { from: textIn(from), count: countIn(count) };
    }),
    first_message_ts: textOrNullIn(stats['first_message_ts']),
    last_message_ts: textOrNullIn(stats['last_message_ts']),
  };
}

/** Takes the parsed body of a 422. Returns the entries of `detail`, at least one. Fails when the shape is not exactly that. */
export function issuesIn(value: unknown): Issue[] {
  const issues = listIn(recordIn(value, ['detail'])['detail']).map((entry) => {
    const { type, loc, msg, input } = recordIn(entry, ['type', 'loc', 'msg', 'input']);
    assert.match(textIn(type), /^[a-z_]+$/);
    assert.notEqual(textIn(msg), '');
    return { type: textIn(type), loc: listIn(loc).map(stepIn), msg: textIn(msg), input };
  });
  assert.ok(issues.length > 0, 'detail has at least one entry');
  return issues;
}

function storedIn(value: unknown): Stored {
  const stored = recordIn(value, ['message_id', 'from', 'to', 'ts', 'text']);
  return {
    message_id: textIn(stored['message_id']),
    from: textIn(stored['from']),
    to: textIn(stored['to']),
    ts: textIn(stored['ts']),
    text: textOrNullIn(stored['text']),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listIn(value: unknown): unknown[] {
  assert.ok(Array.isArray(value), `not a list: ${JSON.stringify(value)}`);
  return value;
}

function textIn(value: unknown): string {
  assert.ok(typeof value === 'string', `not a string: ${JSON.stringify(value)}`);
  return value;
}

function textOrNullIn(value: unknown): string | null {
  return value === null ? null : textIn(value);
}

function countIn(value: unknown): number {
  assert.ok(
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0,
    `not a count: ${JSON.stringify(value)}`,
  );
  return value;
}

function stepIn(value: unknown): string | number {
  return typeof value === 'number' ? countIn(value) : textIn(value);
}
