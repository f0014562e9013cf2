// Which list a query is about: one with segments, or one whose messages are compared one by one.
import type { OrderKey } from '../../../model/order.ts';
import type { MessageQuery } from '../../../model/page.ts';
import { DEFAULT_SOURCE } from '../../../model/source.ts';
import { FIRST_KEY, keyOf, keyParameter, keyValues } from '../database/keys.ts';
import type { Session } from '../database/session.ts';
import type { Progress } from '../index/progress.ts';
import { MessageList, selectRows } from './list.ts';
import { originIs } from './rows.ts';
import { selectSources } from './sources.ts';

type List = Pick<MessageList, 'rank' | 'locate' | 'rows'>;

/** Returns the list of the messages of a sender and of a source; null does not restrict. To be called inside the snapshot of `progress`. */
export async function listOf(
  session: Session,
  progress: Progress,
  { from, source }: Pick<MessageQuery, 'from' | 'source'>,
): Promise<List> {
  if (source === null) return MessageList.ofSender(session, progress, from);
  if (from !== null) return listOfBoth(session, from, source);
  if (source !== DEFAULT_SOURCE) return MessageList.ofSource(session, progress, source);
  return await listOfDefault(session, progress);
}

/** The messages of a sender from a source: compared one by one. */
function listOfBoth(session: Session, from: string, source: string): List {
  const origin = originIs(source, 2);
  const condition = `m.from_msisdn = $1 AND ${origin.condition}`;
  const values = [from, ...origin.values];
  return {
    rank: async (key) => {
      if (key === FIRST_KEY) return 0;
      const [row] = await session.rows<[number]>(
        `SELECT count(*) FROM messages m WHERE ${condition} AND ${keyOf('m')} < ${keyParameter(values.length + 1)}`,
        [...values, ...keyValues(key)],
      );
      return row?.[0] ?? 0;
    },
    locate: async (position) => ({ start: FIRST_KEY, skip: position }),
    rows: (...range) => selectRows(session, 'messages', condition, values, ...range),
  };
}

/** The messages of the default source: what is left of all without those of named sources. Few of the latter are walked over. */
async function listOfDefault(session: Session, progress: Progress): Promise<List> {
  const all = MessageList.ofSender(session, progress, null);
  const sources = await selectSources(session, progress);
  const named = sources
    .filter(({ source, messages }) => source !== DEFAULT_SOURCE && messages > 0)
    .map(({ source }) => MessageList.ofSource(session, progress, source));
  if (named.length === 0) return all;
  const namedBefore = async (key: OrderKey): Promise<number> => {
    const ranks = await Promise.all(named.map((list) => list.rank(key)));
    return ranks.reduce((sum, rank) => sum + rank, 0);
  };
  const rank = async (key: OrderKey): Promise<number> => {
    const [before, ofNamed] = await Promise.all([all.rank(key), namedBefore(key)]);
    return before - ofNamed;
  };
  return {
    rank,
    locate: async (position) => {
      // It is not before the same position among all.
      const { start, skip } = await all.locate(position);
      return { start, skip: skip + (await namedBefore(start)) };
    },
    rows: (...range) =>
      selectRows(session, 'messages', originIs(DEFAULT_SOURCE, 1).condition, [], ...range),
  };
}
