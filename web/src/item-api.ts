// Sources, events, messages in full, and deliveries, as the dashboard asks the public API for them.
import type * as z from 'zod';
import type * as schemas from '../../app/http/openapi/schemas.ts';
import { bodyOf, call, neighboursOf, type Message } from './api.ts';
import { parseKeepingPayloads } from './json-tokens.ts';

export type SourceState = z.output<typeof schemas.sources>['data'][number];
export type EventEntry = z.output<typeof schemas.eventPage>['data'][number];

/** A payload is the JSON text that the provider wrote. */
interface Written {
  readonly payload: string | null;
}

export type FullEvent = Omit<z.output<typeof schemas.eventDetail>, 'payload'> & Written;
export type FullMessage = Omit<z.output<typeof schemas.messageDetail>, keyof Written | Related> &
  Written &
  Readonly<Record<Related, readonly FullEvent[]>>;
type Related = 'statuses' | 'conflicts';

export interface EventPage {
  readonly data: readonly EventEntry[];
  readonly prev: string | null;
  readonly next: string | null;
}

export async function getSources(signal: AbortSignal): Promise<readonly SourceState[]> {
  const body = await bodyOf(await call('/sources', { signal }));
  return (body as { data: SourceState[] }).data;
}

export async function getEvents(query: string, signal: AbortSignal): Promise<EventPage> {
  const response = await call(`/events?${query}`, { signal });
  const { data } = (await bodyOf(response)) as { data: EventEntry[] };
  return { data, ...neighboursOf(response) };
}

export async function getEvent(id: string, signal: AbortSignal): Promise<FullEvent> {
  return (await getWritten('/event', id, signal)) as FullEvent;
}

export async function getMessage(id: string, signal: AbortSignal): Promise<FullMessage> {
  return (await getWritten('/message', id, signal)) as FullMessage;
}

/** The fields of a message alone, as its list has it and as `POST /webhook` takes it. */
export function fieldsOf({ message_id, from, to, ts, text }: Message): Message {
  return { message_id, from, to, ts, text };
}

async function getWritten(path: string, id: string, signal: AbortSignal): Promise<unknown> {
  const response = await call(`${path}?${new URLSearchParams({ id })}`, { signal });
  return await bodyOf(response, [], parseKeepingPayloads);
}

/** The body of a post as it came. Rejects with ApiError. */
export async function getDelivery(id: number): Promise<Blob> {
  const response = await call(`/delivery?id=${id}`);
  if (!response.ok) await bodyOf(response);
  return await response.blob();
}
