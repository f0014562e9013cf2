// GET /messages/stream: messages as they are committed, as Server-Sent Events that can be resumed.
import * as z from 'zod';
import { type ValidationIssue, boundedInput } from '../../model/validation-issue.ts';
import { integer } from '../params/integer.ts';
import { atMost, parameterIssue, textsOf } from '../params/query.ts';
import { STREAM_HEADERS, errorReply, invalid } from '../replies.ts';
import type { Route } from '../route.ts';
import { Subscriber } from '../stream/subscriber.ts';

const sequenceNumber = integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

const query = {
  after: sequenceNumber
    .optional()
    .describe('Begin after this number; 0 is the beginning. Without it, from now on.'),
};
const headers = {
  'Last-Event-ID': z
    .string()
    .regex(/^[0-9]*$/)
    .optional()
    .describe('Counts before `after`.'),
};

/** `after` null: from now on. */
type Start = { readonly after: number | null } | { readonly issues: readonly ValidationIssue[] };

/**
 * Returns where the stream begins, or what is wrong with what was sent. `Last-Event-ID` counts before `after`: a browser
 * that reconnects sends the header along with the address that it began with.
 */
function startOf(queryString: string, lastEventId: string | undefined): Start {
  const id = lastEventId || undefined;
  const text = id ?? textsOf(queryString)('after');
  const result = query.after.safeParse(text);
  if (result.success) return { after: result.data ?? null };
  const loc = id === undefined ? ['query', 'after'] : ['header', 'last-event-id'];
  return { issues: [parameterIssue(result.error.issues, loc, text)] };
}

/** Returns the issue of a number that no message has had yet: what comes next would be taken for what is known already. */
function aheadOfStream(after: number, lastSeq: number): ValidationIssue {
  const { type, msg } = atMost(lastSeq);
  return { type, loc: ['query', 'after'], msg, input: boundedInput(after) };
}

export const stream: Route = {
  path: '/messages/stream',
  access: 'api',
  methods: {
    GET: {
      async handle(exchange, { store, broadcaster }) {
        const header = exchange.request.headers['last-event-id'];
        const start = startOf(
          exchange.target.queryString,
          typeof header === 'string' ? header : undefined,
        );
        if ('issues' in start) return exchange.send(invalid(start.issues));
        const { refusal } = broadcaster;
        if (refusal !== null) return exchange.send(errorReply(refusal));
        const { lastSeq } = await store.after(0, 0);
        // Other streams may have been opened meanwhile, or the service may be stopping.
        const { refusal: lateRefusal } = broadcaster;
        if (lateRefusal !== null) return exchange.send(errorReply(lateRefusal));
        if (start.after !== null && start.after > lastSeq)
          return exchange.send(invalid([aheadOfStream(start.after, lastSeq)]));
        const response = exchange.open(STREAM_HEADERS);
        if (response === null) return undefined;
        const subscriber = new Subscriber(response, start.after ?? lastSeq);
        response.on('drain', () => broadcaster.resume());
        response.once('close', () => broadcaster.remove(subscriber));
        broadcaster.add(subscriber);
        return undefined;
      },
      openapi: {
        operationId: 'followMessages',
        tag: 'Read',
        summary: 'Follow messages as they are committed',
        description:
          'Server-Sent Events in the order of commit. The id of each event is the number of its message: numbers grow and ' +
          'are never used again. Resume after one with `Last-Event-ID` or `after`; store the id together with your work, and ' +
          'you take each message exactly once. An event `resume` asks you to come back with your last id.',
        query,
        headers,
        responses: {
          200: {
            description: 'Events whose data is a message, until either side ends it.',
            type: 'text/event-stream',
            schema: z.string(),
            example:
              'id: 42\ndata: {"message_id":"m1","from":"+1","to":"+2","ts":"2025-01-15T10:00:00Z","text":null}\n\n',
          },
        },
        failures: ['validation_error', 'internal_error', 'unavailable'],
      },
    },
  },
};
