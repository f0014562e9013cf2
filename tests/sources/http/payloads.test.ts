// Each post of the tables, sent to a running service as its provider signs it: what is read back is what the tables say, byte for byte.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { SchemeName } from '../../../app/model/source.ts';
import { type Service, startService } from '../../support/service.ts';
import { recordIn } from '../../support/shapes.ts';
import { ARRIVAL, type Case, HASHED, type Stored } from '../decoded.ts';
import { EVENT_CASES } from '../meta-events.ts';
import { FIELD_CASES } from '../meta-fields.ts';
import { TYPE_CASES } from '../meta-types.ts';
import { CALLBACK_CASES, JSON_CASES } from '../twilio-events.ts';
import { INBOUND_CASES } from '../twilio-messages.ts';
import { Provider, environmentOf } from './provider.ts';
import { storedOf } from './stored.ts';

const SCHEMES = [
  ['meta', [...TYPE_CASES, ...FIELD_CASES, ...EVENT_CASES]],
  ['twilio', [...INBOUND_CASES, ...CALLBACK_CASES, ...JSON_CASES]],
] as const satisfies [SchemeName, Case[]][];

/** As many as a service has at most. */
const SOURCES_MAX = 64;

/** Each post has a source of its own: the same ids come in many of them. */
const posts = SCHEMES.flatMap(([scheme, cases]) =>
  cases.map((one, index) => ({ ...one, provider: new Provider(scheme, `${scheme}-${index}`) })),
);

async function startServices(): Promise<Service[]> {
  const count = Math.ceil(posts.length / SOURCES_MAX);
  const groups = Array.from({ length: count }, (_, group) =>
    posts.slice(group * SOURCES_MAX, (group + 1) * SOURCES_MAX).map(({ provider }) => provider),
  );
  return await Promise.all(
    groups.map((providers) => startService({ after }, { env: environmentOf(providers) })),
  );
}
const services = await startServices();

/** Reads one item back, in the form of the tables. Its payload is cut out of the answer, as it was written there. */
async function readBack(
  service: Service,
  path: '/message' | '/event',
  source: string,
  id: string,
): Promise<{ item: Stored; seq: number; delivery: number }> {
  const answer = await service.get(`${path}?id=${encodeURIComponent(`${source}:${id}`)}`);
  assert.equal(answer.status, 200, answer.text);
  const row = recordIn(answer.json());
  assert.equal(row['source'], source);
  const ts = row['ts'] === row['received_at'] ? ARRIVAL : String(row['ts']);
  const payload = payloadIn(answer.text, row['payload']);
  const place = { seq: Number(row['seq']), delivery: Number(row['delivery']) };
  if (path === '/message') {
    assert.deepEqual([row['statuses'], row['conflicts']], [[], []]);
    const { from, to, text, kind } = row as Extract<Stored, { message: string }>;
    return { item: { message: id, from, to, ts, text, kind, payload }, ...place };
  }
  const { type, subject } = row as Extract<Stored, { event: string }>;
  const about = subject === null ? null : subject.slice(source.length + 1);
  const event = id.replace(/(^|:)[0-9a-f]{64}$/, `$1${HASHED}`);
  return { item: { event, type, subject: about, ts, payload }, ...place };
}

/** Returns the text of the payload in an answer, which must be that of its value. */
function payloadIn(text: string, value: unknown): string | null {
  const [, written = ''] =
    /"payload":([^]*?)(?:,"statuses":\[\],"conflicts":\[\])?\}\s*$/.exec(text) ?? [];
  assert.deepEqual(JSON.parse(written), value);
  return written === 'null' ? null : written;
}

for (const [scheme] of SCHEMES)
  describe(`a post of ${scheme} is stored as the table says`, { concurrency: 4 }, () => {
    for (const [index, { name, body, stored, provider }] of posts.entries())
      if (provider.kind.scheme === scheme)
        it(name, async () => {
          const service = services[Math.floor(index / SOURCES_MAX)];
          assert.ok(service !== undefined);
          const answer = await provider.post(service, { body: Buffer.from(body), id: '' });
          const { status, type, text } = provider.accepted;
          assert.deepEqual(
            [answer.status, answer.headers['content-type'], answer.text],
            [status, type, text],
          );
          const ids = await storedOf(service, provider.name);
          const items = await Promise.all([
            ...ids.messages.map((id) => readBack(service, '/message', provider.name, id)),
            ...ids.events.map((id) => readBack(service, '/event', provider.name, id)),
          ]);
          const found = items.toSorted((one, other) => one.seq - other.seq);
          // What is in a post twice is stored once. An answer does not tell the payload `null` from none.
          const expected = [...new Set(stored.map((item) => JSON.stringify(item)))]
            .map((item) => JSON.parse(item) as Stored)
            .map((item) => ({ ...item, payload: item.payload === 'null' ? null : item.payload }));
          assert.deepEqual(
            found.map(({ item }) => item),
            expected,
          );
          const deliveries = new Set(found.map(({ delivery }) => delivery));
          assert.equal(deliveries.size, 1);
          const [number = 0] = deliveries;
          assert.equal(number, found[0]?.seq);
          assert.equal((await service.get(`/delivery?id=${number}`)).text, body);
        });
  });
