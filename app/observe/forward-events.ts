// What forwarding does, in the log and the metrics. Attempts come in floods: of failures a line is written at most every ten seconds.
import type { ForwardObserver } from '../forward/observer.ts';
import type { EventLine, EventLog } from './event-lines.ts';
import type { ForwardMetrics } from './forward-metrics.ts';

const LINE_MS_MIN = 10_000;

/** Lets one of many through, and counts the others. */
class Bound {
  #count = 0;
  #lineMs = Number.NEGATIVE_INFINITY;

  /** Returns how many there were since the last line, this one included; null where it is too soon for another. */
  take(): number | null {
    this.#count += 1;
    const nowMs = performance.now();
    if (nowMs - this.#lineMs < LINE_MS_MIN) return null;
    const count = this.#count;
    this.#count = 0;
    this.#lineMs = nowMs;
    return count;
  }
}

/** Returns the observer of forwarding. */
export function forwardObserver(logger: EventLog, metrics: ForwardMetrics): ForwardObserver {
  const bounds = new Map<string, Bound>();
  const since = (event: string, destination: string): number | null =>
    bounds.getOrInsertComputed(`${event} ${destination}`, () => new Bound()).take();
  return {
    attempted(destination, { result }, durationMs) {
      metrics.attempts.inc({ destination, outcome: result });
      metrics.duration.observe({ destination }, durationMs / 1_000);
    },
    kept(destination, { seq }, { state, attempts, error }) {
      const event = state === 'dead' ? 'forward_dead' : 'forward_failed';
      const count = since(event, destination);
      if (count === null) return;
      const line = { destination, seq, attempts, count, reason: error };
      if (state === 'dead')
        logger.error({
          event: 'forward_dead',
          ...line,
          msg: 'an item was given up: it is a dead letter',
        });
      else
        logger.warn({
          event: 'forward_failed',
          ...line,
          msg: 'an attempt failed: it is repeated later',
        });
    },
    changed(destination, state, reason) {
      metrics.become(destination, state);
      const line: EventLine = {
        event: 'forward_state',
        destination,
        state,
        ...(reason === null ? {} : { reason }),
        msg: `forwarding to ${destination} is ${state}`,
      };
      if (state === 'disabled') logger.error(line);
      else if (state === 'slowed') logger.warn(line);
      else logger.info(line);
    },
    failed(destination, error) {
      if (since('forward_stalled', destination) === null) return;
      logger.error({
        event: 'forward_stalled',
        destination,
        reason: error instanceof Error ? error.message : String(error),
        msg: 'what is known of a destination cannot be read or written: it is tried again every second',
      });
    },
  };
}
