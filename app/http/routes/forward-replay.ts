// POST /forwards/{name}/replay: has a destination sent again what it had.
import type * as z from 'zod';
import { firstSeqSince } from '../../forward/receipt.ts';
import { type ReplaySelection, replaySome } from '../../forward/replay.ts';
import { type Instant, parseInstant } from '../../model/instant.ts';
import type { Store } from '../../storage/store.ts';
import { STEERING_FAILURES } from '../dead-letters.ts';
import { namePath } from '../destination-name.ts';
import { JSON_BYTES_MAX, readJson } from '../json-body.ts';
import * as schemas from '../openapi/forward-schemas.ts';
import { errorReply, okJson } from '../replies.ts';
import type { Handler, Route } from '../route.ts';

/** Entries that are read and made due at a time: other reads and commits come between two steps. */
const STEP_ENTRIES = 1_000;
/** Steps of one request: it is answered before a proxy, or a stopping service, ends it. */
const STEPS_MAX = 50;

const replay: Handler = async (exchange, { bodies, forwards, store, steered }) => {
  const { name } = exchange.target;
  const body = await readJson(exchange, bodies, schemas.replaySelection);
  if (body === null) return;
  const settings = forwards.find((one) => one.name === name);
  if (settings === undefined) return exchange.send(errorReply('not_found'));
  const selection = await selectionOf(store, body);
  let replayed = 0;
  let next: number | null = selection.fromSeq <= selection.toSeq ? selection.fromSeq : null;
  for (let step = 0; step < STEPS_MAX && next !== null && !exchange.response.destroyed; step += 1) {
    const part: ReplaySelection = { ...selection, fromSeq: next };
    const done = await replaySome(store.forwards, settings, part, STEP_ENTRIES);
    if (done.entries > 0) steered(name);
    replayed += done.entries;
    ({ next } = done);
  }
  exchange.send(okJson({ replayed, next }));
};

/** Returns the numbers that are selected; none where `fromSeq` is above `toSeq`. Rejects with StoreUnavailable. */
async function selectionOf(
  store: Store,
  { from, to, source: only }: z.output<typeof schemas.replaySelection>,
): Promise<ReplaySelection> {
  const source = only ?? null;
  const fromSeq = typeof from === 'number' ? from : await firstSeqSince(store, parsed(from));
  if (to === undefined) {
    const { lastSeq } = await store.after(0, 0, 'items');
    return { fromSeq, toSeq: lastSeq, source };
  }
  if (typeof to === 'number') return { fromSeq, toSeq: to, source };
  const { seconds, nanos } = parsed(to);
  return {
    fromSeq,
    toSeq: (await firstSeqSince(store, { seconds, nanos: nanos + 1 })) - 1,
    source,
  };
}

/** The schema has found it to be one. */
function parsed(text: string): Instant {
  const instant = parseInstant(text);
  if (instant === null) throw new TypeError('not an instant');
  return instant;
}

export const forwardReplay: Route = {
  path: '/forwards/{name}/replay',
  access: 'steer',
  bodyBytesMax: JSON_BYTES_MAX,
  methods: {
    POST: {
      handle: replay,
      openapi: {
        operationId: 'replay',
        tag: 'Forward',
        summary: 'Send again what a destination had',
        description:
          'What of the selection the destination wants and is finished or dead is sent again; the rest is sent anyway. A request looks at ' +
          `${STEP_ENTRIES * STEPS_MAX} items at most, and \`next\` says where to go on. If the client goes away, what was done so far stays. ` +
          'An instant is looked up in the order of commit: imported items are not where the time at which they were received would be.',
        path: namePath,
        body: schemas.replaySelection,
        responses: { 200: { description: 'How many.', schema: schemas.replayed } },
        failures: STEERING_FAILURES,
      },
    },
  },
};
