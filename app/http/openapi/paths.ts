// Every path of the API: its parameters, its answers and their headers.
import { messageSchema, INSTANT } from '../../model/message.ts';
import { TIMELINE_STEPS } from '../../model/timeline.ts';
import {
  live,
  notReady,
  page,
  problem,
  ready,
  stats,
  stored,
  timeline,
  validationError,
} from './schemas.ts';

/** The schemas that the paths refer to, by name. */
export const SCHEMAS = {
  message: messageSchema,
  stored,
  page,
  stats,
  timeline,
  live,
  ready,
  notReady,
  problem,
  validationError,
};

const { description: _, ...INSTANT_LIMITS } = INSTANT;
const INSTANT_SCHEMA = { type: 'string', ...INSTANT_LIMITS };
const RETRY_AFTER = {
  'Retry-After': { description: 'Seconds to wait.', schema: { type: 'string' } },
};

type Json = Readonly<Record<string, unknown>>;
type SchemaName = keyof typeof SCHEMAS;

const ref = (name: SchemaName): Json => ({ $ref: `#/components/schemas/${name}` });

/** One answer: what it means, its body by media type, and the headers beside X-Request-ID. */
function answer(description: string, body: Json, headers: Json = {}): Json {
  const requestId = { $ref: '#/components/headers/RequestId' };
  return { description, headers: { 'X-Request-ID': requestId, ...headers }, content: body };
}

const json = (name: SchemaName, example?: unknown): Json => ({
  'application/json': { schema: ref(name), ...(example === undefined ? {} : { example }) },
});
const detail = (text: string): Json => json('problem', { detail: text });

const UNAVAILABLE = answer(
  'The store cannot answer now. Ask again later.',
  detail('storage unavailable'),
  RETRY_AFTER,
);
const INVALID = answer('One entry for each thing that does not fit.', json('validationError'));
const FAILED = answer('A fault of the service.', detail('Internal Server Error'));
const UNAUTHORIZED = answer(
  'The service has an API token, and this was not it.',
  detail('unauthorized'),
  {
    'WWW-Authenticate': { description: 'Bearer', schema: { type: 'string' } },
  },
);
const FAULTS = { 401: UNAUTHORIZED, 500: FAILED, 503: UNAVAILABLE };

/** The answers that no operation has, since they say that there is none. */
export const OTHER_ANSWERS: Json = {
  404: answer('There is no such path.', detail('Not Found')),
  405: answer('The path has other methods.', detail('Method Not Allowed'), {
    Allow: { description: 'The methods that it has.', schema: { type: 'string' } },
  }),
};

function query(name: string, description: string, schema: Json): Json {
  return { name, in: 'query', description, required: false, schema };
}

/** One that counts as absent where it is empty. */
function filter(name: string, description: string, schema: Json): Json {
  return { ...query(name, description, schema), allowEmptyValue: true };
}

const WEBHOOK = {
  operationId: 'receiveMessage',
  tags: ['Receive'],
  summary: 'Store a signed message exactly once',
  description:
    'The signature is checked over the raw bytes before anything else is looked at. ' +
    'A 200 is sent only when the message is on disk; the same `message_id` again is 200 too, and changes nothing.',
  parameters: [
    {
      name: 'X-Signature',
      in: 'header',
      required: true,
      description: 'Hex HMAC-SHA256 of the raw body under `WEBHOOK_SECRET`.',
      schema: { type: 'string', minLength: 64, maxLength: 64, pattern: '^[0-9a-fA-F]{64}$' },
    },
  ],
  requestBody: { required: true, content: { 'application/json': { schema: ref('message') } } },
  security: [],
  responses: {
    200: answer('Stored, or stored before.', json('stored', { status: 'ok' })),
    401: answer('The signature is missing or wrong.', detail('invalid signature')),
    413: answer('The body is longer than `MAX_BODY_BYTES`.', detail('payload too large')),
    422: INVALID,
    500: FAILED,
    503: UNAVAILABLE,
  },
};

const MESSAGES = {
  operationId: 'listMessages',
  tags: ['Read'],
  summary: 'List and search messages',
  description: 'Ordered by instant, then by `message_id`. Filters combine with AND.',
  parameters: [
    query('limit', 'Messages a page.', { type: 'integer', minimum: 1, maximum: 100, default: 50 }),
    query('offset', 'Messages to leave out first.', {
      type: 'integer',
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      default: 0,
    }),
    filter('from', 'The exact sender.', { type: 'string', example: '+919876543210' }),
    filter('since', 'Messages at this instant and later.', INSTANT_SCHEMA),
    filter('q', 'A part of the text, whatever its case; no character is a wildcard.', {
      type: 'string',
    }),
    filter('cursor', 'Where to go on, from a Link header; instead of `offset`.', {
      type: 'string',
    }),
  ],
  responses: {
    200: answer('One page, and how many match in all.', json('page'), {
      Link: {
        description: 'RFC 8288: the addresses of the pages `first`, `prev` and `next`.',
        schema: { type: 'string' },
      },
    }),
    422: INVALID,
    ...FAULTS,
  },
};

const STREAM = {
  operationId: 'followMessages',
  tags: ['Read'],
  summary: 'Follow messages as they are committed',
  description:
    'Server-Sent Events in the order of commit. The id of each event is the number of its message: numbers grow and ' +
    'are never used again. Resume after one with `Last-Event-ID` or `after`; store the id together with your work, and ' +
    'you take each message exactly once. An event `resume` asks you to come back with your last id.',
  parameters: [
    query('after', 'Begin after this number; 0 is the beginning. Without it, from now on.', {
      type: 'integer',
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
    }),
    {
      name: 'Last-Event-ID',
      in: 'header',
      required: false,
      description: 'Counts before `after`.',
      schema: { type: 'string', pattern: '^[0-9]*$' },
    },
  ],
  responses: {
    200: answer('Events whose data is a message, until either side ends it.', {
      'text/event-stream': {
        schema: { type: 'string' },
        example:
          'id: 42\ndata: {"message_id":"m1","from":"+1","to":"+2","ts":"2025-01-15T10:00:00Z","text":null}\n\n',
      },
    }),
    422: INVALID,
    ...FAULTS,
  },
};

const TIMELINE = {
  operationId: 'countOverTime',
  tags: ['Read'],
  summary: 'Count messages over time',
  description: 'By their `ts`, in buckets that are counted from 1970-01-01T00:00:00Z.',
  parameters: [
    filter('from', 'Start of the range; a day before `to` unless given.', INSTANT_SCHEMA),
    filter('to', 'End of the range; now unless given.', INSTANT_SCHEMA),
    filter('step', 'Length of a bucket in seconds; chosen by the range unless given.', {
      type: 'integer',
      enum: [...TIMELINE_STEPS],
    }),
  ],
  responses: { 200: answer('One count a bucket.', json('timeline')), 422: INVALID, ...FAULTS },
};

/** A question without parameters. */
function plain(operationId: string, tag: string, summary: string, responses: Json): Json {
  return { operationId, tags: [tag], summary, responses };
}

export const PATHS: Json = {
  '/webhook': { post: WEBHOOK },
  '/messages': { get: MESSAGES },
  '/messages/stream': { get: STREAM },
  '/stats': {
    get: plain('getStats', 'Read', 'Count messages and senders', {
      200: answer('The figures of all messages.', json('stats')),
      ...FAULTS,
    }),
  },
  '/stats/timeline': { get: TIMELINE },
  '/health/live': {
    get: {
      ...plain('isLive', 'Operate', 'Whether the process runs', {
        200: answer('It does.', json('live', { status: 'live' })),
      }),
      security: [],
    },
  },
  '/health/ready': {
    get: {
      ...plain('isReady', 'Operate', 'Whether the service may be sent requests', {
        200: answer('Every check holds.', json('ready')),
        503: answer('A check does not hold; `checks` says which.', json('notReady'), RETRY_AFTER),
      }),
      security: [],
    },
  },
  '/metrics': {
    get: plain('getMetrics', 'Operate', 'Metrics for Prometheus', {
      200: answer('Text exposition format 0.0.4.', {
        'text/plain': { schema: { type: 'string' } },
      }),
      401: UNAUTHORIZED,
      500: FAILED,
    }),
  },
};
