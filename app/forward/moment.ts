// A point in time by the two clocks that forwarding needs.

export interface Moment {
  /** Since 1970: what is stored. It follows the clock of the machine, which may be set. */
  readonly wallMs: number;
  /** Of a clock that only goes on: for waits and limits within the process. */
  readonly steadyMs: number;
}

export function moment(): Moment {
  return { wallMs: Date.now(), steadyMs: performance.now() };
}
