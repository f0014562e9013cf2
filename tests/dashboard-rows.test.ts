// How the dashboard reads a long list from the service: by offset where it jumps, by cursor where it goes on.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { RowWindow } from '../web/src/row-window.ts';
import { eventually } from './support/bounded.ts';
import { message, uniqueNumber } from './support/message.ts';
import { type Service, startService } from './support/service.ts';

const SENDER = uniqueNumber();
const ROWS = 450;
const START_MS = Date.UTC(2025, 0, 1);
const service = await startService({ after });

const draft = (index: number, from: string) =>
  message({ from, ts: new Date(START_MS + index * 60_000).toISOString(), text: `n${index}` });

before(async () => {
  await Promise.all(
    Array.from({ length: ROWS }, (_, index) => service.store(draft(index, SENDER))),
  );
});

interface Opened {
  readonly list: RowWindow;
  readonly asked: string[];
  /** The texts of these rows, once all are there. */
  readonly texts: (first: number, last: number) => Promise<string[]>;
}

/** Opens the list of one sender over HTTP. */
async function open(
  t: TestContext,
  from: string,
  of: Service = service,
  filters: Readonly<Record<string, string>> = {},
): Promise<Opened> {
  const asked: string[] = [];
  const load = async (query: string, signal: AbortSignal) => {
    asked.push(query);
    const response = await fetch(`http://127.0.0.1:${of.port}/messages?${query}`, { signal });
    const link = response.headers.get('Link') ?? '';
    const relation = (name: string): string | null =>
      new RegExp(`<[^>]*\\?([^>]*)>; rel="${name}"`).exec(link)?.[1] ?? null;
    const page = (await response.json()) as Awaited<ReturnType<Service['page']>>;
    return { ...page, prev: relation('prev'), next: relation('next') };
  };
  const list = new RowWindow(
    new URLSearchParams({ from, ...filters }).toString(),
    load,
    () => undefined,
  );
  t.after(() => list.close());
  await list.open();
  const texts = (first: number, last: number): Promise<string[]> => {
    list.want(first, last);
    return eventually(`the rows ${first} to ${last}`, () => {
      assert.equal(list.error, null);
      const rows = Array.from({ length: last - first + 1 }, (_, index) => list.at(first + index));
      return rows.every((row) => row !== null) ? rows.map((row) => String(row.text)) : undefined;
    });
  };
  return { list, asked, texts };
}

/** The texts of rows counted from the newest. */
const expected = (first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, index) => `n${ROWS - 1 - first - index}`);

describe('the rows of a list', () => {
  it('are counted from the newest, jumped to by offset and followed by cursor, to both ends', async (t) => {
    const { list, asked, texts } = await open(t, SENDER);
    assert.equal(list.total, ROWS);
    assert.deepEqual(await texts(0, 19), expected(0, 19));
    assert.deepEqual(await texts(250, 269), expected(250, 269));
    const jumps = asked.filter((query) => query.includes('offset=')).length;
    for (let first = 250; first <= ROWS - 20; first += 30)
      assert.deepEqual(await texts(first, first + 19), expected(first, first + 19));
    for (let first = ROWS - 20; first >= 0; first -= 30)
      assert.deepEqual(await texts(first, first + 19), expected(first, first + 19));
    assert.equal(asked.filter((query) => query.includes('offset=')).length, jumps);
    assert.ok(asked.some((query) => query.includes('cursor=')));
  });

  it('are counted from the oldest where the list is turned around', async (t) => {
    const { list, asked, texts } = await open(t, SENDER, service, { order: 'asc' });
    const ascending = (first: number): string[] =>
      Array.from({ length: 20 }, (_, index) => `n${first + index}`);
    assert.equal(list.total, ROWS);
    assert.deepEqual(await texts(250, 269), ascending(250));
    const jumps = asked.filter((query) => query.includes('offset=')).length;
    for (let first = 250; first >= 0; first -= 30)
      assert.deepEqual(await texts(first, first + 19), ascending(first));
    for (let first = 0; first <= ROWS - 20; first += 30)
      assert.deepEqual(await texts(first, first + 19), ascending(first));
    assert.equal(asked.filter((query) => query.includes('offset=')).length, jumps);
    assert.ok(asked.some((query) => query.includes('cursor=')));
  });

  it('stay where they are in a list that is turned around, when others come', async (t) => {
    const sender = uniqueNumber();
    await Promise.all(
      Array.from({ length: 230 }, (_, index) => service.store(draft(index, sender))),
    );
    const { list, texts } = await open(t, sender, service, { order: 'asc' });
    await service.store(draft(1_000, sender), draft(1_001, sender));
    await list.count();
    assert.deepEqual([list.total, list.added], [230, 2]);
    const rows: string[] = [];
    for (let first = 0; first < 230; first += 10) rows.push(...(await texts(first, first + 9)));
    assert.deepEqual(
      rows,
      Array.from({ length: 230 }, (_, index) => `n${index}`),
    );
  });

  it('stay where they are when others come, before them and between them', async (t) => {
    const sender = uniqueNumber();
    await Promise.all(
      Array.from({ length: 300 }, (_, index) => service.store(draft(index, sender))),
    );
    const { list, texts } = await open(t, sender);
    const seen = await texts(100, 119);
    await service.store(draft(1_000, sender), draft(1_001, sender));
    // This one belongs among rows that are not here yet.
    await service.store(message({ from: sender, ts: '2025-01-01T00:10:30Z', text: 'late' }));
    await list.count();
    assert.deepEqual([list.total, list.added], [300, 3]);
    assert.deepEqual(await texts(100, 119), seen);
    const rest: string[] = [];
    for (let first = 120; first < 300; first += 20) rest.push(...(await texts(first, first + 19)));
    // No row twice, none left out: all that were there, and the late one in its place.
    assert.deepEqual(rest, [
      ...Array.from({ length: 169 }, (_, index) => `n${179 - index}`),
      'late',
      ...Array.from({ length: 10 }, (_, index) => `n${10 - index}`),
    ]);
  });

  it('are found again in a list that has become shorter', async (t) => {
    const own = await startService(t);
    const sender = uniqueNumber();
    await own.store(...Array.from({ length: 150 }, (_, index) => draft(index, sender)));
    const { list, texts } = await open(t, sender, own);
    assert.equal(list.total, 150);
    await own.stop();
    const again = await startService(t);
    await again.store(...Array.from({ length: 40 }, (_, index) => draft(index, sender)));
    own.port = again.port;
    await list.count();
    assert.equal(list.total, 40);
    assert.equal((await texts(0, 19))[0], 'n39');
  });

  it('that are not wanted any more are not waited for', async (t) => {
    const { list, asked, texts } = await open(t, SENDER);
    const known = asked.length;
    // As when the scrollbar is dragged over everything.
    for (let first = 0; first <= 400; first += 1) list.want(first, first + 19);
    assert.deepEqual(await texts(400, 419), expected(400, 419));
    assert.ok(asked.length - known < 8, asked.slice(known).join('\n'));
  });

  it('say why they cannot be had, and come when they can', async (t) => {
    const own = await startService(t);
    const sender = uniqueNumber();
    await own.store(draft(1, sender));
    const { port } = own;
    own.port = 1;
    const { list } = await open(t, sender, own);
    assert.ok(list.error instanceof Error);
    own.port = port;
    await list.open();
    assert.equal(list.error, null);
    assert.equal(list.at(0)?.text, 'n1');
  });
});
