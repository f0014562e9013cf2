// Whether posts take all that the machine has: then forwarding leaves it to them.
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';

/** The use of the machine is looked at over so long at least. */
const SAMPLE_MS = 1_000;
/** With a larger share of its time in use, the thread that receives has none left for more posts. */
const THREAD_BUSY = 0.8;
/** Likewise of the processors. Measured with two of them, and the load on the same: posts alone take 0.70 to 0.75. */
const PROCESSORS_BUSY = 0.6;

/** To be made, and asked, in the thread that receives. */
export class Receiving {
  #since = sample();
  #hasCommitted = false;
  #isSaturated = false;

  /** Something was committed. */
  committed(): void {
    this.#hasCommitted = true;
  }

  /** Returns whether this process is as busy as it can be, and posts come. Where none do, it is busy with forwarding alone. */
  get isSaturated(): boolean {
    const since = this.#since;
    if (performance.now() - since.nowMs < SAMPLE_MS) return this.#isSaturated;
    const now = sample();
    const { utilization } = performance.eventLoopUtilization(now.loop, since.loop);
    const share = (now.cpuMs - since.cpuMs) / (now.nowMs - since.nowMs) / availableParallelism();
    this.#isSaturated =
      this.#hasCommitted && (utilization > THREAD_BUSY || share > PROCESSORS_BUSY);
    this.#hasCommitted = false;
    this.#since = now;
    return this.#isSaturated;
  }
}

function sample(): {
  nowMs: number;
  cpuMs: number;
  loop: ReturnType<typeof performance.eventLoopUtilization>;
} {
  const { user, system } = process.cpuUsage();
  return {
    nowMs: performance.now(),
    cpuMs: (user + system) / 1_000,
    loop: performance.eventLoopUtilization(),
  };
}
