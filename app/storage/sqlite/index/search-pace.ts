// Decides when search may work: commits go first, then lists.
import type { Step } from './indexer.ts';

/** Search leaves the processor to the commits until it lacks this many messages: a query scans those in some 30 ms. */
const BACKLOG_MAX = 65_536;
/**
 * Where a step has a processor for less of its time than this, it waits for one: as many messages come as the machine can take. Measured on
 * two processors: 0.97 without load, 0.65 to 0.8 under full load.
 */
const PROCESSOR_SHARE_MIN = 0.8;
/** The share is taken over steps that took so long together at least. */
const WINDOW_MS = 500;

/** How long a step took, and for how much of that it had a processor, in milliseconds. */
interface StepTime {
  readonly tookMs: number;
  readonly processorMs: number;
}

export class SearchPace {
  #window: StepTime = { tookMs: 0, processorMs: 0 };
  #saturated = false;
  /** Whether search has worked since the lists did. */
  #searched = false;

  /**
   * Returns whether search, which lacks `backlog` messages, may work next. While few messages come (not `busy`), always. Else once it lacks
   * many, as long as it takes nothing from the commits: on a saturated machine one batch after each of the lists.
   */
  allows(busy: boolean, backlog: number): boolean {
    if (!busy) return true;
    return backlog > BACKLOG_MAX && !(this.#saturated && this.#searched);
  }

  /** Runs a step of the indexer and takes its time. Returns what it did; throws what it throws. */
  timed(step: () => Step): Step {
    const startMs = performance.now();
    const before = process.threadCpuUsage();
    const done = step();
    const { user, system } = process.threadCpuUsage(before);
    this.stepped(done, {
      tookMs: performance.now() - startMs,
      processorMs: (user + system) / 1_000,
    });
    return done;
  }

  /** A step has ended. */
  stepped(step: Step, { tookMs, processorMs }: StepTime): void {
    if (step === 'lists') this.#searched = false;
    if (step === 'search') this.#searched = true;
    const window = {
      tookMs: this.#window.tookMs + tookMs,
      processorMs: this.#window.processorMs + processorMs,
    };
    const whole = window.tookMs >= WINDOW_MS;
    if (whole) this.#saturated = window.processorMs < PROCESSOR_SHARE_MIN * window.tookMs;
    this.#window = whole ? { tookMs: 0, processorMs: 0 } : window;
  }
}
