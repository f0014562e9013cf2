// Several replicas over one database: one truth, whichever is asked, and none that the others need.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually } from '../support/bounded.ts';
import { parseExposition, valueOf } from '../support/exposition.ts';
import { message } from '../support/message.ts';
import { postgresDatabase, queryOnce } from '../support/postgres.ts';
import { assertCommitOrder } from './commit-order.ts';
import { assertCounted, assertKept, assertStreamed, followed } from './kept.ts';
import { Provider } from './provider.ts';
import { startReplica, startReplicas } from './replicas.ts';
import { StreamReader } from './stream-reader.ts';

const RACES = 25;
const STREAMED = 1_200;

it('one id raced over four replicas is created once, and accepted everywhere', async (t) => {
  const url = await postgresDatabase(t);
  const services = await startReplicas(t, url, 4);
  for (let race = 0; race < RACES; race += 1) {
    const raced = message({ message_id: `raced-${race}` });
    const answers = await Promise.all(
      [...services, ...services].map((service) => service.post(raced)),
    );
    for (const { status } of answers) assert.equal(status, 200);
  }
  const results = new Map<string, string[]>();
  for (const { output } of services)
    for (const { message_id, result } of await output.atLeast(
      RACES * 2,
      'the lines of its posts',
      (line) => line.path === '/webhook',
    ))
      results.set(String(message_id), [...(results.get(String(message_id)) ?? []), String(result)]);
  assert.equal(results.size, RACES);
  for (const each of results.values())
    assert.deepEqual(each.toSorted(), ['created', ...Array<string>(7).fill('duplicate')]);
  for (const service of services) assert.equal((await service.page('?limit=1')).total, RACES);
});

it('a stream on each replica shows what all of them store, once and in order, under load', async (t) => {
  const url = await postgresDatabase(t);
  const services = await startReplicas(t, url, 3);
  const ports = services.map(({ port }) => port);
  const readers = ports.map((port) => new StreamReader(t, () => port));
  const provider = new Provider({ ports: () => ports, prefix: 'streamed', senders: 24 });
  await eventually('messages', () => provider.acknowledged.size > STREAMED || undefined);
  await provider.stop();
  const kept = await assertKept(url, provider.acknowledged, () => false);
  for (const reader of readers) assertStreamed(await reader.take(kept.length), kept);
  for (const service of services) await assertCounted(service, kept);
});

it('a batch that waits for another has its number from when it commits', async (t) => {
  await assertCommitOrder(t);
});

it('lists and search go on with another replica when the one that fills them is killed', async (t) => {
  const url = await postgresDatabase(t);
  const first = await startReplica(t, url);
  await first.store(message());
  await followed(first);
  const second = await startReplica(t, url);
  await first.stop('SIGKILL');
  await second.store(...Array.from({ length: 40 }, () => message({ text: 'taken over' })));
  const { text } = await second.get('/metrics');
  const backlog = valueOf(parseExposition(text), 'oncebox_search_backlog_messages');
  assert.ok(backlog > 0, 'nothing was left to take over');
  // Complete before as well as after.
  assert.equal((await second.page('?q=TAKEN')).total, 40);
  await followed(second);
  assert.equal((await second.page('?q=TAKEN')).total, 40);
  assert.equal((await second.page('?limit=1')).total, 41);
});

it('eight replicas start at once on an empty database', async (t) => {
  const url = await postgresDatabase(t);
  const services = await startReplicas(t, url, 8);
  await Promise.all(services.map((service) => service.store(message())));
  for (const service of services) {
    assert.equal((await service.page('?limit=1')).total, 8);
    assert.equal((await service.get('/health/ready')).status, 200);
  }
  const versions = await queryOnce(url, 'SELECT version FROM oncebox_schema');
  assert.equal(versions.length, 1);
});

it('what retention removes never comes back, though it is posted all the time', async (t) => {
  const url = await postgresDatabase(t);
  const first = await startReplica(t, url);
  const old = Array.from({ length: 1_500 }, (_, at) =>
    message({ message_id: `old-${at}`, ts: '2020-01-01T00:00:00Z' }),
  );
  for (let at = 0; at < old.length; at += 100)
    await Promise.all(old.slice(at, at + 100).map((draft) => first.store(draft)));
  await first.stop();
  const remover = await startReplica(t, url, { env: { RETENTION_DAYS: '30' } });
  const other = await startReplica(t, url);
  const end = remover.output.line('the end of the run', ({ event }) => event === 'pruned');
  const run = { over: false };
  void end.then(() => (run.over = true));
  const repeat = async (lane: number): Promise<void> => {
    for (let at = lane; !run.over; at += 7)
      assert.equal((await [remover, other][at % 2]?.post(old[at % old.length] ?? ''))?.status, 200);
  };
  await Promise.all(Array.from({ length: 7 }, (_, lane) => repeat(lane)));
  assert.equal((await end).messages, old.length);
  for (let at = 0; at < old.length; at += 100)
    await Promise.all(old.slice(at, at + 100).map((draft) => other.store(draft)));
  await assertKept(url, new Map(), () => false);
  for (const service of [remover, other]) assert.equal((await service.page('?limit=1')).total, 0);
});
