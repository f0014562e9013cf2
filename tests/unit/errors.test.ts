// docs/reference/errors.md against the catalogue of errors: every code has a row, every row a code, with its status and its body.
import assert from 'node:assert/strict';
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
import { page, tableOf } from '../support/markdown.ts';

type Code = (typeof ERROR_CODES)[number];

const CHECKS = { secret: 'ok', store: 'ok', schema: 'ok', writer: 'ok', disk: 'ok' };

const rows = tableOf(page('docs/reference/errors.md'), 'code');

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
    assert.deepEqual(rows.map(({ code = '' }) => code).toSorted(), [...ERROR_CODES].toSorted());
  });

  for (const code of ERROR_CODES) {
    it(`has the status and the body of ${code}`, () => {
      const reply = replyOf(code);
      const expected =
        reply === null ? [CLIENT_CLOSED_REQUEST, 'none'] : [reply.status, shown(reply.body)];
      const row = rows.find((one) => one['code'] === code);
      assert.deepEqual([Number(row?.['status']), row?.['body']], expected);
    });
  }

  it('says of each when it happens and what to do', () => {
    for (const { code = '', when, 'what to do': remedy } of rows) assert.ok(when && remedy, code);
  });
});
