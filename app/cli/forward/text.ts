// Destinations and dead letters as text.
import { printable, table, whole } from '../terminal.ts';

/** A destination as `GET /forwards` lists it. */
export interface Destination {
  readonly name: string;
  readonly state: string;
  readonly reason: string | null;
  readonly last_seq: number;
  readonly behind: number;
  readonly oldest_unfinished: string | null;
  readonly dead: number;
  readonly delivered: number;
  readonly rate_per_second: number;
  readonly last_error: string | null;
  readonly last_error_at: string | null;
}

/** A dead letter as `GET /forwards/{name}/dead` lists it. */
export interface DeadLetter {
  readonly id: string;
  readonly seq: number;
  readonly type: string;
  readonly attempts: number;
  readonly last_attempt_at: string | null;
  readonly error: string | null;
}

/** Returns a table, and below it why destinations do not run and what failed last. */
export function destinationLines(destinations: readonly Destination[]): string[] {
  if (destinations.length === 0) return ['no destinations: FORWARDS is not set'];
  const rows = destinations.map((one) => [
    one.name,
    one.state,
    whole(one.behind),
    one.oldest_unfinished ?? '-',
    whole(one.dead),
    whole(one.delivered),
    one.rate_per_second.toFixed(1),
  ]);
  const head = ['destination', 'state', 'behind', 'oldest', 'dead', 'delivered', 'per second'];
  const notes = destinations.flatMap(({ name, reason, last_error, last_error_at }) => [
    ...(reason === null ? [] : [`${name}: ${printable(reason)}`]),
    ...(last_error === null
      ? []
      : [`${name}: last error at ${last_error_at ?? '-'}: ${printable(last_error)}`]),
  ]);
  return [...table([head, ...rows], [2, 4, 5, 6]), ...notes];
}

/** Returns a table of dead letters. */
export function deadLines(letters: readonly DeadLetter[]): string[] {
  if (letters.length === 0) return ['no dead letters'];
  const rows = letters.map(({ id, seq, type, attempts, last_attempt_at, error }) => [
    String(seq),
    id,
    type,
    whole(attempts),
    last_attempt_at ?? '-',
    error ?? '-',
  ]);
  const head = ['number', 'id', 'type', 'attempts', 'last attempt', 'error'];
  return table([head, ...rows], [0, 3]);
}
