// `oncebox check` on PostgreSQL: damage to anything derived is found, by name, and `--repair` builds it again.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { call, importInto, ndjson } from '../cli/calls.ts';
import { oncebox } from '../cli/oncebox.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { message } from '../support/message.ts';
import { postgresDatabase, postgresServer, queryOnce } from '../support/postgres.ts';
import { startService } from '../support/service.ts';
import { recordIn } from '../support/shapes.ts';

/** More than one segment holds. */
const MESSAGES = 5_000;

/** What is done to a sound database, the check that finds it, and what that says. */
interface Damage {
  readonly name: string;
  readonly statement: string;
  readonly check: string;
  readonly says: RegExp;
}

const DERIVED: readonly Damage[] = [
  {
    name: 'a wrong count of messages',
    statement: 'UPDATE list_state SET removed = removed + 1',
    check: 'counters',
    says: /^messages: 4999 kept, 5000 by a scan$/,
  },
  {
    name: 'a segment that counts too many',
    statement:
      'UPDATE segments SET messages = messages + 1 WHERE segment = (SELECT min(segment) FROM segments)',
    check: 'index',
    says: /^messages in the list of all: 5001 kept, 5000 by a scan$/,
  },
  {
    name: 'segments that count the messages of each other',
    statement: `UPDATE segments SET messages = messages + CASE WHEN segment = (SELECT min(segment) FROM segments WHERE list = 0) THEN 1 ELSE -1 END
      WHERE list = 0 AND segment IN (SELECT segment FROM segments WHERE list = 0 ORDER BY 1 LIMIT 2)`,
    check: 'index',
    says: /^2 segments have a wrong count$/,
  },
  {
    name: 'a wrong count of a sender',
    statement: "UPDATE senders SET messages = messages - 1 WHERE from_msisdn = '+15551'",
    check: 'index',
    says: /^1 senders have a wrong count$/,
  },
  {
    name: 'a wrong number of senders',
    statement: 'UPDATE list_state SET senders = senders + 1',
    check: 'index',
    says: /^senders: 5 kept, 4 by a scan$/,
  },
  {
    name: 'a period without its messages',
    statement: 'DELETE FROM periods WHERE unit = 86400',
    check: 'index',
    says: /^1 periods have a wrong count$/,
  },
  {
    name: 'a text that search lacks',
    statement: "DELETE FROM search_texts WHERE message_id = 'm77'",
    check: 'search',
    says: /^(texts that search holds: 4999 kept|1 messages are not found by a search for their texts: m77$)/,
  },
  {
    name: 'another text in search',
    statement: "UPDATE search_texts SET folded = 'other' WHERE message_id = 'm78'",
    check: 'search',
    says: /^1 messages are not found by a search for their texts: m78$/,
  },
  {
    name: 'a block of search without trigrams',
    statement: "UPDATE search_blocks SET trigrams = '{}' WHERE block = 10",
    check: 'search',
    says: /^64 messages are not found by a search for their texts: /,
  },
];

/** What no repair can bring back, as it is not derived from anything. */
const TRUTH: readonly Damage[] = [
  {
    name: 'a batch that is gone',
    statement: 'DELETE FROM batches WHERE first_seq = 1',
    check: 'counters',
    says: /^[0-9]+ messages without a batch$/,
  },
  {
    name: 'an id that is stored and remembered as removed',
    statement:
      "INSERT INTO tombstones SELECT substring(sha256(message_id) FOR 16) FROM messages WHERE message_id = 'm5'",
    check: 'counters',
    says: /^1 stored messages whose ids are remembered as removed$/,
  },
  {
    name: 'a table that is gone',
    statement: 'DROP TABLE periods',
    check: 'schema',
    says: /^periods is missing$/,
  },
];

async function fill(t: Cleaner, url: string): Promise<void> {
  const drafts = Array.from({ length: MESSAGES }, (_, place) =>
    message({ message_id: `m${place}`, from: `+1555${place % 4}`, text: `Number ${place} Été` }),
  );
  await importInto(t, url, ndjson(t, drafts));
}

/** The problems that a check finds, by the name of the check. */
async function problems(
  t: Cleaner,
  url: string,
  ...options: readonly string[]
): Promise<[check: string, problem: string][]> {
  const result = await oncebox(t, ['check', '-d', url, '--json', ...options]);
  const value = result.json();
  const findings = (value['findings'] as unknown[]).map((finding) => recordIn(finding));
  const found = findings.flatMap(({ name, problems: sentences }) =>
    (sentences as string[]).map((sentence): [string, string] => [String(name), sentence]),
  );
  assert.equal(result.code, found.length === 0 ? 0 : 1, result.stderr);
  assert.equal(value['sound'], found.length === 0);
  return found;
}

function assertFound(found: readonly [string, string][], { check, says, name }: Damage): void {
  assert.ok(
    found.some(([by, sentence]) => by === check && says.test(sentence)),
    `${name}: ${JSON.stringify(found)}`,
  );
}

describe('oncebox check on PostgreSQL', () => {
  it('finds what is wrong with everything derived, and repairs it', async (t) => {
    const url = await postgresDatabase(t);
    await fill(t, url);
    assert.deepEqual(await problems(t, url), []);
    for (const damage of DERIVED) {
      await queryOnce(url, damage.statement);
      assertFound(await problems(t, url), damage);
      assert.deepEqual(await problems(t, url, '--repair'), [], damage.name);
    }
  });

  it('finds what is wrong with the messages themselves', async (t) => {
    for (const damage of TRUTH) {
      const url = await postgresDatabase(t);
      await fill(t, url);
      await queryOnce(url, damage.statement);
      assertFound(await problems(t, url), damage);
    }
  });

  it('finds an index of the server that lacks rows, and builds it again', async (t) => {
    const server = await postgresServer(t);
    const url = server.url('postgres');
    const half = ndjson(
      t,
      Array.from({ length: 100 }, (_, place) => message({ message_id: `n${place}` })),
    );
    await call(t, ['import', '-d', url, half]);
    // Rows that are written while the catalogue says that the index is not ready are not entered into it.
    const ready = (isReady: boolean): string =>
      `UPDATE pg_index SET indisready = ${isReady} WHERE indexrelid = 'messages_by_time'::regclass`;
    await queryOnce(url, ready(false));
    await fill(t, url);
    await queryOnce(url, ready(true));
    const found = await problems(t, url);
    assert.ok(
      found.some(
        ([by, sentence]) => by === 'integrity' && /messages_by_time: 100 kept/.test(sentence),
      ),
      JSON.stringify(found),
    );
    assert.deepEqual(await problems(t, url, '--repair'), []);
  });

  it('repairs nothing while a service runs', async (t) => {
    const url = await postgresDatabase(t);
    const service = await startService(t, { env: { DATABASE_URL: url } });
    await service.store(message());
    assert.equal((await oncebox(t, ['check', '--repair', '-d', url])).code, 3);
    assert.deepEqual(await problems(t, url), []);
    await service.stop();
    assert.deepEqual(await problems(t, url, '--repair'), []);
  });
});
