// GET /stats/timeline: messages over time, counted by bucket.
import * as z from 'zod';
import { TIMELINE_BUCKETS_MAX, TIMELINE_STEPS, type TimelineQuery } from '../../model/timeline.ts';
import type { Instant } from '../../model/instant.ts';
import * as schemas from '../openapi/schemas.ts';
import { instant } from '../params/instant.ts';
import { type Parsed, optional, parseQuery, ruleIssue, textsOf } from '../params/query.ts';
import { invalid, timelineReply } from '../replies.ts';
import type { Route } from '../route.ts';

const RANGE_DEFAULT_SECONDS = 86_400;
/** Without a step, the range is cut into no more buckets than this. */
const BUCKETS_WANTED = 100;
/** 0001-01-01T00:00:00Z and 9999-12-31T00:00:00Z, between which an instant can be written. */
const SECONDS_MIN = -62_135_596_800;
const SECONDS_MAX = 253_402_214_400;

type Step = (typeof TIMELINE_STEPS)[number];

const stepSchema = z
  .codec(z.enum(TIMELINE_STEPS.map(String)), z.literal(TIMELINE_STEPS), {
    decode: (text) => Number(text) as Step,
    encode: String,
  })
  .meta({ type: 'integer' });

const query = {
  from: optional(instant()).describe('Start of the range; a day before `to` unless given.'),
  to: optional(instant()).describe('End of the range; now unless given.'),
  step: optional(stepSchema).describe(
    'Length of a bucket in seconds; chosen by the range unless given.',
  ),
};

/** Reads the query string into whole buckets. `nowSeconds`: the present, in seconds since 1970-01-01T00:00:00Z. */
function parse(queryString: string, nowSeconds: number): Parsed<TimelineQuery> {
  // Issues begin with that of `to`, which `from` depends on.
  const { from, to, step } = query;
  const parsed = parseQuery({ to, from, step }, queryString);
  if ('issues' in parsed) return parsed;
  const range = wholeBuckets(parsed.query, nowSeconds);
  const { fromSeconds, toSeconds, stepSeconds } = range;
  if (toSeconds <= fromSeconds) {
    const msg = 'Input should be earlier than the end of the range';
    return { issues: [ruleIssue('from', msg, textsOf(queryString))] };
  }
  if ((toSeconds - fromSeconds) / stepSeconds > TIMELINE_BUCKETS_MAX) {
    const msg = `Input should cut the range into at most ${TIMELINE_BUCKETS_MAX} buckets`;
    return { issues: [ruleIssue('step', msg, textsOf(queryString))] };
  }
  return { query: range };
}

/** Returns the range with its ends moved outwards to whole buckets, which are counted from 1970-01-01T00:00:00Z. */
function wholeBuckets(
  values: {
    readonly to?: Instant | undefined;
    readonly from?: Instant | undefined;
    readonly step?: Step | undefined;
  },
  nowSeconds: number,
): TimelineQuery {
  const to = values.to === undefined ? nowSeconds : wholeSeconds(values.to);
  const from = values.from?.seconds ?? to - RANGE_DEFAULT_SECONDS;
  const stepSeconds = values.step ?? stepFor(to - from);
  const first = Math.ceil(SECONDS_MIN / stepSeconds);
  const last = Math.floor(SECONDS_MAX / stepSeconds);
  return {
    fromSeconds: Math.max(Math.floor(from / stepSeconds), first) * stepSeconds,
    toSeconds: Math.min(Math.ceil(to / stepSeconds), last) * stepSeconds,
    stepSeconds,
  };
}

/** Rounded up. */
function wholeSeconds({ seconds, nanos }: Instant): number {
  return nanos > 0 ? seconds + 1 : seconds;
}

function stepFor(rangeSeconds: number): Step {
  return TIMELINE_STEPS.find((each) => rangeSeconds / each <= BUCKETS_WANTED) ?? TIMELINE_STEPS[10];
}

export const timeline: Route = {
  path: '/stats/timeline',
  access: 'api',
  methods: {
    GET: {
      async handle(exchange, { store }) {
        const parsed = parse(exchange.target.queryString, Math.ceil(Date.now() / 1_000));
        if ('issues' in parsed) exchange.send(invalid(parsed.issues));
        else exchange.send(timelineReply(await store.timeline(parsed.query), parsed.query));
      },
      openapi: {
        operationId: 'countOverTime',
        tag: 'Read',
        summary: 'Count messages over time',
        description: 'By their `ts`, in buckets that are counted from 1970-01-01T00:00:00Z.',
        query,
        responses: { 200: { description: 'One count a bucket.', schema: schemas.timeline } },
        failures: ['validation_error', 'internal_error', 'unavailable'],
      },
    },
  },
};
