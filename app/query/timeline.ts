// From a query string to a range of buckets, or to the list of its faults.
import { boundedInput, type Fault } from '../model/fault.ts';
import { parseInstant } from '../model/instant.ts';
import { TIMELINE_BUCKETS_MAX, TIMELINE_STEPS, type TimelineQuery } from '../model/timeline.ts';
import { instantFault } from './parameters.ts';

const RANGE_DEFAULT_SECONDS = 86_400;
/** Without a step, the range is cut into no more buckets than this. */
const BUCKETS_WANTED = 100;
/** 0001-01-01T00:00:00Z and 9999-12-31T00:00:00Z, between which an instant can be written. */
const SECONDS_MIN = -62_135_596_800;
const SECONDS_MAX = 253_402_214_400;

/**
 * Reads the parameters of `GET /stats/timeline`: `to` (now, unless given), `from` (a day before it) and `step` (chosen
 * by the length of the range). The ends are moved outwards to whole buckets, which are counted from 1970-01-01T00:00:00Z.
 */
export function parseTimelineQuery(
  queryString: string,
  nowSeconds: number,
): { readonly query: TimelineQuery } | { readonly faults: readonly Fault[] } {
  const parameters = new URLSearchParams(queryString);
  const faults: Fault[] = [];
  const to = instant(parameters, 'to', nowSeconds, faults);
  const from = instant(parameters, 'from', to - RANGE_DEFAULT_SECONDS, faults);
  const step = readStep(parameters, to - from, faults);
  const fromSeconds = Math.max(
    Math.floor(from / step) * step,
    Math.ceil(SECONDS_MIN / step) * step,
  );
  const toSeconds = Math.min(Math.ceil(to / step) * step, Math.floor(SECONDS_MAX / step) * step);
  if (faults.length === 0 && toSeconds <= fromSeconds)
    faults.push(fault('from', 'Input should be earlier than the end of the range', parameters));
  const buckets = (toSeconds - fromSeconds) / step;
  if (faults.length === 0 && buckets > TIMELINE_BUCKETS_MAX) {
    const msg = `Input should cut the range into at most ${TIMELINE_BUCKETS_MAX} buckets`;
    faults.push(fault('step', msg, parameters));
  }
  return faults.length > 0 ? { faults } : { query: { fromSeconds, toSeconds, stepSeconds: step } };
}

function instant(
  parameters: URLSearchParams,
  name: string,
  whenAbsent: number,
  faults: Fault[],
): number {
  const text = parameters.getAll(name).at(-1) || null;
  if (text === null) return whenAbsent;
  const parsed = parseInstant(text);
  if (parsed === null) faults.push(instantFault(name, text));
  return parsed?.seconds ?? whenAbsent;
}

function readStep(parameters: URLSearchParams, rangeSeconds: number, faults: Fault[]): number {
  const text = parameters.getAll('step').at(-1) || null;
  if (text === null) {
    return (
      TIMELINE_STEPS.find((step) => rangeSeconds / step <= BUCKETS_WANTED) ?? TIMELINE_STEPS[10]
    );
  }
  const step = TIMELINE_STEPS.find((known) => String(known) === text);
  if (step === undefined) {
    faults.push(fault('step', `Input should be one of ${TIMELINE_STEPS.join(', ')}`, parameters));
  }
  return step ?? TIMELINE_STEPS[0];
}

function fault(name: string, msg: string, parameters: URLSearchParams): Fault {
  const input = boundedInput(parameters.getAll(name).at(-1) ?? null);
  return { type: 'value_error', loc: ['query', name], msg, input };
}
