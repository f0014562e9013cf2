// What the suite of `StoreAdmin` needs of an engine, and the plain forms that its clauses share: filled databases, exports, imports.
import assert from 'node:assert/strict';
import type { Message } from '../../app/model/message.ts';
import type { Depth, Pruned, Selection, StoreAdmin } from '../../app/storage/admin.ts';
import type { ArchivedEvent, ArchivedMessage, ExportFilter } from '../../app/storage/archive.ts';
import type { AppendOutcome, Store } from '../../app/storage/store.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { create } from './engine.ts';

/** One database of an engine; there is nothing in it yet. What it opens is closed after the test. */
export interface AdminEngine {
  /** The maintenance of the database. It may be called while a store is open, and while none is. */
  admin(): Promise<StoreAdmin>;
  /** Opens a store over the data; again once it is closed. */
  open(): Promise<Store>;
}

export type OpenAdminEngine = (t: Cleaner) => AdminEngine;

/** A promise of the port: its name completes the sentence "the maintenance of …", and `holds` rejects where an engine breaks it. */
export interface AdminClause {
  readonly name: string;
  readonly holds: (engine: AdminEngine) => Promise<void>;
}

/** A group that is appended at once. */
const GROUP_MESSAGES = 500;

export const silently = (): void => undefined;

/** A signal that nobody aborts. */
export function patient(): AbortSignal {
  return new AbortController().signal;
}

/** Opens a store, appends messages that are new, and closes it. */
export async function fill(engine: AdminEngine, messages: readonly Message[]): Promise<void> {
  const store = await engine.open();
  await createAll(store, messages);
  await store.close();
}

/** Appends messages that are new, in groups. */
export async function createAll(store: Store, messages: readonly Message[]): Promise<void> {
  for (let at = 0; at < messages.length; at += GROUP_MESSAGES)
    await create(store, messages.slice(at, at + GROUP_MESSAGES));
}

/** The filter that leaves nothing out. */
export const ALL: ExportFilter = {
  source: null,
  from: null,
  since: null,
  until: null,
  text: null,
};

/** Returns all messages that an export yields, in its order. */
export async function exported(
  engine: AdminEngine,
  filter: Partial<ExportFilter> = {},
): Promise<ArchivedMessage[]> {
  const admin = await engine.admin();
  const seen: ArchivedMessage[] = [];
  for await (const chunk of admin.exportMessages({ ...ALL, ...filter })) seen.push(...chunk);
  return seen;
}

/** Returns the messages of these, with the fields of the default source. */
export function plain(archived: readonly (ArchivedMessage | ArchivedEvent)[]): Message[] {
  return archived
    .filter((item) => 'message_id' in item)
    .map(({ message_id, from, to, ts, text }) => ({ message_id, from, to, ts, text }));
}

/** Imports one batch, brings lists and search up to date, and closes the import. */
export async function imported(
  engine: AdminEngine,
  messages: readonly Message[],
  createdAt: readonly (string | null)[] = messages.map(() => null),
): Promise<readonly AppendOutcome[]> {
  const bulk = await (await engine.admin()).openImport();
  try {
    const outcomes = await bulk.store(messages, createdAt);
    await bulk.updateLists(patient());
    await bulk.updateSearch(patient(), silently);
    return outcomes;
  } finally {
    bulk.close();
  }
}

/** A selection needs at least one. */
export const NOTHING_SELECTED: Selection = { before: null, source: null, from: null };

export async function prune(
  engine: AdminEngine,
  selection: Partial<Selection>,
  vacuum = false,
): Promise<Pruned> {
  const admin = await engine.admin();
  const options = { vacuum, signal: patient() };
  return admin.prune({ ...NOTHING_SELECTED, ...selection }, options, silently);
}

/** A check of either depth finds nothing, and counts what is there. */
export async function assertSound(
  engine: AdminEngine,
  messages: number,
  others: { readonly events?: number; readonly deliveries?: number } = {},
): Promise<void> {
  const admin = await engine.admin();
  const depths: readonly Depth[] = ['quick', 'full'];
  for (const depth of depths) {
    const inspection = await admin.check(depth, patient(), silently);
    assert.deepEqual(
      inspection.findings.flatMap(({ problems }) => problems),
      [],
      depth,
    );
    assert.ok(inspection.findings.length > 0);
    assert.deepEqual([inspection.sound, inspection.messages], [true, messages], depth);
    const { events = inspection.events, deliveries = inspection.deliveries } = others;
    assert.deepEqual([inspection.events, inspection.deliveries], [events, deliveries], depth);
    assert.equal(inspection.lastSeq, (await admin.stats()).lastSeq);
  }
}
