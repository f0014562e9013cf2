// What is stored of a source, as the service lists it: the ids of its messages and events, to the last page.
import assert from 'node:assert/strict';
import { walk } from '../../support/links.ts';
import type { Service } from '../../support/service.ts';
import { recordIn } from '../../support/shapes.ts';

/** Ids of a source, without its name, in the order of their characters. */
export interface StoredIds {
  readonly messages: readonly string[];
  readonly events: readonly string[];
}

/** Reads every page of both lists. */
export async function storedOf(service: Service, source: string): Promise<StoredIds> {
  const ids = async (list: 'messages' | 'events', key: string): Promise<string[]> => {
    const pages = await walk(service, `/${list}?limit=100`, 'next');
    const found = pages.flatMap((page) => {
      const { data } = recordIn(page.json());
      assert.ok(Array.isArray(data));
      return data.map((entry) => String(recordIn(entry)[key]));
    });
    const mine = found.filter((id) => id.startsWith(`${source}:`));
    return mine.map((id) => id.slice(source.length + 1)).toSorted();
  };
  return { messages: await ids('messages', 'message_id'), events: await ids('events', 'event_id') };
}
