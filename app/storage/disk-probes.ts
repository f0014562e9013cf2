// Whether the disk accepts writes: after one that failed, a probe is repeated until it succeeds.
import type { UnavailableReason } from '../model/unavailable.ts';

const INTERVAL_MS = 1_000;

export class DiskProbes {
  readonly #probe: () => void;
  readonly #recovered: () => void;
  #timer: NodeJS.Timeout | undefined;
  #failed = false;
  #closed = false;

  /** `probe` has the writer try a write, whose end is reported by `writeEnded`. `recovered` is called when one succeeds again. */
  constructor(probe: () => void, recovered: () => void) {
    this.#probe = probe;
    this.#recovered = recovered;
  }

  /** Whether a write failed because of the disk, and none has succeeded since. */
  get failed(): boolean {
    return this.#failed;
  }

  /** A batch or a probe was written, or failed. A lock of another process, for one, says nothing about the disk. */
  writeEnded(failure: UnavailableReason | null): void {
    if (failure === 'disk') this.#failed = true;
    else if (failure === null && this.#failed) {
      this.#failed = false;
      this.#recovered();
    }
    clearTimeout(this.#timer);
    // Scheduled when the last one has ended, not by a clock: a disk that hangs gets one probe.
    if (this.#failed && !this.#closed)
      this.#timer = setTimeout(() => this.#probe(), INTERVAL_MS).unref();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }
}
