// What must hold of deliveries after whatever happened to a database: each is there with all its items, each once, or not at all.
import assert from 'node:assert/strict';
import type { DatabaseSync } from 'node:sqlite';
import { queryOnce } from '../support/postgres.ts';
import { keyOf, sent } from './delivery-load.ts';

/** An item of the source of the load, and the delivery that it was stored with. */
interface Item {
  readonly id: string;
  readonly delivery: number | null;
}

/** What a database holds of the source: items of both kinds, and the bodies of deliveries by their keys. */
export interface Held {
  readonly items: readonly Item[];
  readonly bodies: ReadonlyMap<number, string>;
}

/** Reads a file of SQLite. NOT INDEXED reads the tables themselves: an index that lost or doubled an entry would not show it. */
export function heldInFile(database: DatabaseSync): Held {
  const items = database
    .prepare(
      `SELECT message_id AS id, delivery FROM messages NOT INDEXED WHERE source = 'wa'
       UNION ALL SELECT event_id, delivery FROM events NOT INDEXED WHERE source = 'wa'`,
    )
    .all();
  const deliveries = database
    .prepare('SELECT number, CAST(body AS TEXT) AS body FROM deliveries')
    .all();
  return {
    items: items as unknown as Item[],
    bodies: new Map(deliveries.map(({ number, body }) => [Number(number), String(body)])),
  };
}

/** Reads a database of PostgreSQL. */
export async function heldInPostgres(url: string): Promise<Held> {
  const items = await queryOnce(
    url,
    `SELECT convert_from(message_id, 'UTF8') AS id, delivery::float8 FROM origins WHERE source = 'wa'
     UNION ALL SELECT convert_from(event_id, 'UTF8'), delivery::float8 FROM events WHERE source = 'wa'`,
  );
  const deliveries = await queryOnce(
    url,
    `SELECT delivery::float8 AS number, convert_from(body, 'UTF8') AS body FROM deliveries`,
  );
  return {
    items: items as unknown as Item[],
    bodies: new Map(deliveries.map(({ number, body }) => [Number(number), String(body)])),
  };
}

/**
 * Fails unless every item is there once and with a delivery that has it; every delivery that is there has all its items, which were
 * stored together; and every acknowledged one is there. `ownMax`: that of the load, where it has one.
 */
export function assertWhole(
  { items, bodies }: Held,
  acknowledged: Iterable<string>,
  ownMax?: number,
): void {
  const deliveries = new Map<string, number>();
  const keys = new Set<string>();
  const namesIn = new Map<number, ReadonlySet<string>>();
  for (const { id, delivery } of items) {
    assert.ok(!deliveries.has(id), `${id} is stored twice`);
    const body = delivery === null ? undefined : bodies.get(delivery);
    assert.ok(delivery !== null && body !== undefined, `${id} has no delivery`);
    const names = namesIn.get(delivery) ?? namesOf(body);
    namesIn.set(delivery, names);
    const name = id.slice('wa:'.length).replace(/:sent$/, '');
    assert.ok(names.has(name), `${id} is stored with another delivery`);
    deliveries.set(id, delivery);
    const key = keyOf(id);
    assert.ok(key !== null, `${id} was never sent`);
    keys.add(key);
  }
  for (const key of acknowledged) {
    const lost = sent(key, ownMax).items.filter((id) => !deliveries.has(id));
    assert.deepEqual(lost, [], `${key} was acknowledged`);
  }
  for (const key of keys) {
    const numbers = new Set(sent(key, ownMax).own.map((id) => deliveries.get(id) ?? 'none'));
    assert.equal(numbers.size, 1, `${key} was stored in parts: ${[...numbers].join()}`);
  }
}

/** The names of the items in the body of a delivery. */
function namesOf(body: string): ReadonlySet<string> {
  return new Set(body.matchAll(/"(wamid\.[^"]+)"/g).map(([, name = '']) => name));
}
