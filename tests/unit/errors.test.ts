// docs/reference/errors.md against the catalogue of errors: every code has a row, every row a code, with its status and its body.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ERROR_CODES } from '../../app/http/errors.ts';
import {
  CLIENT_CLOSED_REQUEST,
  errorReply,
  invalid,
  readyReply,
  type Reply,
} from '../../app/http/replies.ts';
import { ISSUE_TYPES } from '../../app/model/validation-issue.ts';

type Code = (typeof ERROR_CODES)[number];

const PAGE = new URL('../../docs/reference/errors.md', import.meta.url);
const CHECKS = { secret: 'ok', store: 'ok', schema: 'ok', writer: 'ok', disk: 'ok' };

/** The rows of every table of the page whose first column is the code. */
const rows = readFileSync(PAGE, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );

/** The reply of a code; null for the one that is only logged. */
function replyOf(code: Code): Reply | null {
  if (code === 'client_closed_request') return null;
  if (code === 'not_ready') return readyReply({ reason: 'disk', checks: CHECKS });
  const type = ISSUE_TYPES.find((known) => known === code);
  if (type !== undefined) return invalid([{ type, loc: [], msg: '', input: null }]);
  return errorReply(code as Parameters<typeof errorReply>[0]);
}

/** A body as the page shows it: what differs from case to case is an ellipsis. */
function shown(body: string): string {
  return body.replace(/\[.*\]/, '[…]').replace(/"checks":\{.*?\}/, '"checks":{…}');
}

describe('docs/reference/errors.md', () => {
  it('has one row for each code of the catalogue, and no other', () => {
    assert.deepEqual(rows.map(([code = '']) => code).toSorted(), [...ERROR_CODES].toSorted());
  });

  for (const code of ERROR_CODES) {
    it(`has the status and the body of ${code}`, () => {
      const reply = replyOf(code);
      const expected =
        reply === null ? [CLIENT_CLOSED_REQUEST, 'none'] : [reply.status, shown(reply.body)];
      const [, status, body] = rows.find(([name]) => name === code) ?? [];
      assert.deepEqual([Number(status), body], expected);
    });
  }

  it('says of each when it happens and what to do', () => {
    for (const [code = '', , , when, remedy] of rows) assert.ok(when && remedy, code);
  });
});
