// What is stored of a source, as the service lists it: the ids of its messages and events, to the last page.
import assert from 'node:assert/strict';
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
    const found: string[] = [];
    for (let path: string | null = `/${list}?limit=100`; path !== null;) {
      const answer = await service.get(path);
      assert.equal(answer.status, 200, answer.text);
      const { data } = recordIn(answer.json());
      assert.ok(Array.isArray(data));
      for (const entry of data) found.push(String(recordIn(entry)[key]));
      path = /<([^>]*)>; rel="next"/.exec(String(answer.headers.link ?? ''))?.[1] ?? null;
    }
    const mine = found.filter((id) => id.startsWith(`${source}:`));
    return mine.map((id) => id.slice(source.length + 1)).toSorted();
  };
  return { messages: await ids('messages', 'message_id'), events: await ids('events', 'event_id') };
}
