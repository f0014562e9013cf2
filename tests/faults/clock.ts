// A wall clock that jumps: what a service is told that the time is, steered while it runs.
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import type { Environment } from '../support/service.ts';

const NANOS_A_MS = 1_000_000n;

export class Clock {
  readonly #library: string;
  readonly #path: string;
  readonly #file: number;
  #offsetMs = 0;

  /** `library` is clock-shim.c, built. */
  constructor(t: Cleaner, library: string) {
    this.#library = library;
    this.#path = join(temporaryDirectory(t), 'offset');
    this.#file = openSync(this.#path, 'w+');
    t.after(() => closeSync(this.#file));
    this.jump(0);
  }

  /** What the process that is to go by this clock needs in its environment. */
  get env(): Environment {
    return { LD_PRELOAD: this.#library, CLOCK_OFFSET: this.#path };
  }

  /** The time by this clock now, in milliseconds since 1970. */
  get nowMs(): number {
    return Date.now() + this.#offsetMs;
  }

  /** How far it is from the true one, in milliseconds. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** From now on the clock is this far from the true one. */
  jump(offsetMs: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(offsetMs) * NANOS_A_MS);
    writeSync(this.#file, bytes, 0, bytes.length, 0);
    this.#offsetMs = offsetMs;
  }
}
