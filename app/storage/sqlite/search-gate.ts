// The gate before searches: the writer shuts it for moments, in which those at work end and the WAL can start over.

/** Who reads it works for at most this long; an older entry is of a thread that was ended over its work. */
const WORK_NS_MAX = 10_000_000_000n;
const NS_PER_MS = 1_000_000;
/** More than there are threads that search at one time. */
const PLACES = 64;

/** Where the cells are: until when the gate is shut, how many threads have come, and since when each one is at work. */
const SHUT_UNTIL = 0;
const COMERS = 1;
const FIRST_PLACE = 2;

/** Memory for one gate, to be given to the writer's thread and to those that search. */
export function gateMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer((FIRST_PLACE + PLACES) * BigInt64Array.BYTES_PER_ELEMENT);
}

/** The writer's side. */
export class GateKeeper {
  readonly #cells: BigInt64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#cells = new BigInt64Array(memory);
  }

  /** Lets no search begin for this long. It ends by itself, so that a writer that hangs holds nobody up. */
  shut(forMs: number): void {
    Atomics.store(this.#cells, SHUT_UNTIL, nowNs() + BigInt(forMs * NS_PER_MS));
  }

  open(): void {
    Atomics.store(this.#cells, SHUT_UNTIL, 0n);
    Atomics.notify(this.#cells, SHUT_UNTIL);
  }

  /** Whether a search is at work. If none is, none begins while the gate is shut. */
  get someAtWork(): boolean {
    const now = nowNs();
    for (let place = FIRST_PLACE; place < this.#cells.length; place += 1) {
      const since = Atomics.load(this.#cells, place);
      if (since !== 0n && now - since < WORK_NS_MAX) return true;
    }
    return false;
  }
}

/** The side of a thread that searches. */
export class GateGuest {
  readonly #cells: BigInt64Array;
  readonly #place: number;

  constructor(memory: SharedArrayBuffer) {
    this.#cells = new BigInt64Array(memory);
    // Should two share a place, the writer may take one at work for idle: then it tries in vain, and tries again.
    this.#place = FIRST_PLACE + (Number(Atomics.add(this.#cells, COMERS, 1n)) % PLACES);
  }

  /** Waits until the gate is open, then does `work`. The thread sleeps meanwhile. */
  pass<T>(work: () => T): T {
    this.#enter();
    try {
      return work();
    } finally {
      Atomics.store(this.#cells, this.#place, 0n);
    }
  }

  #enter(): void {
    for (;;) {
      const now = nowNs();
      // It says that it is at work before it looks at the gate: either the writer sees it, or it sees that the gate is shut.
      Atomics.store(this.#cells, this.#place, now);
      const until = Atomics.load(this.#cells, SHUT_UNTIL);
      if (until <= now) return;
      Atomics.store(this.#cells, this.#place, 0n);
      Atomics.wait(this.#cells, SHUT_UNTIL, until, Number(until - now) / NS_PER_MS);
    }
  }
}

/** One clock for all threads of the process, which nobody sets. */
function nowNs(): bigint {
  return process.hrtime.bigint();
}
