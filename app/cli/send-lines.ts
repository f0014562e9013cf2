// Posts the lines of a file, each until it is acknowledged, and records the outcomes beside the file.
import { openSync, rmSync, writeSync, closeSync } from 'node:fs';
import { type Delivery, GaveUp } from './delivery.ts';
import { CommandError, EXIT } from './exit.ts';
import { inputBytes } from './input.ts';
import { hashOf, Journal } from './journal.ts';
import { type Line, linesOf } from './lines.ts';
import { type Terminal, whole } from './terminal.ts';

/** Rejected lines that are printed on stderr; all of them are in the file. */
const REJECTS_PRINTED = 10;

/** The outcomes of a file's lines. */
interface Tally {
  sent: number;
  /** Acknowledged by an earlier run. */
  skipped: number;
  rejected: number;
}

/** The lines that the service rejected, in a file beside the input, created only if there are any. */
class Rejects {
  readonly #path: string | null;
  readonly #terminal: Terminal;
  #file: number | null = null;
  #count = 0;

  constructor(input: string, terminal: Terminal) {
    this.#path = input === '-' ? null : `${input}.rejected`;
    this.#terminal = terminal;
    if (this.#path !== null) rmSync(this.#path, { force: true });
  }

  add(line: number, status: number, detail: unknown): void {
    this.#count += 1;
    if (this.#count <= REJECTS_PRINTED)
      this.#terminal.note(`line ${line}: ${status} ${JSON.stringify(detail)}`);
    if (this.#path === null) return;
    this.#file ??= openSync(this.#path, 'w', 0o600);
    writeSync(this.#file, `${JSON.stringify({ line, status, detail })}\n`);
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
  }
}

/** Where lines go. */
export interface Target {
  readonly url: string;
  readonly concurrency: number;
  /** Returns what posts to `url` until `signal` is aborted. */
  deliveryUntil(signal: AbortSignal): Delivery;
  /** Why every post is refused, by the status of one that was; null where it is refused for what is in it. */
  hopeless(status: number): string | null;
}

/** Posts the lines of a file, or of standard input for `-`. Rejects with CommandError where it cannot go on. */
export async function sendLines(terminal: Terminal, file: string, target: Target): Promise<void> {
  if (file !== '-') inputBytes(file);
  const journal = file === '-' ? null : await Journal.open(`${file}.sent`);
  const tally: Tally = { sent: 0, skipped: 0, rejected: 0 };
  const rejects = new Rejects(file, terminal);
  const stop = new AbortController();
  const signal = AbortSignal.any([terminal.interruption(), stop.signal]);
  const delivery = target.deliveryUntil(signal);
  const progress = terminal.progress();
  const lines = linesOf(file, signal);
  const job: Job = { delivery, journal, tally, rejects, target };
  const sender = async (): Promise<void> => {
    for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
      await sendLine(next.value, job);
      progress('sent', tally.sent + tally.skipped, null);
    }
  };
  try {
    const senders = Array.from({ length: target.concurrency }, sender);
    // The first that fails stops the others; what was acknowledged to them is recorded before the journal closes.
    await Promise.all(senders).catch(async (error: unknown) => {
      stop.abort();
      await Promise.allSettled(senders);
      gaveUp(target.url, tally.sent)(error);
    });
  } finally {
    journal?.close();
    rejects.close();
  }
  const { sent, skipped, rejected } = tally;
  terminal.result(
    { sent, skipped, rejected, retries: delivery.retries },
    () =>
      `${whole(sent)} sent, ${whole(skipped)} acknowledged before, ${whole(rejected)} rejected` +
      (rejected > 0 && file !== '-' ? `: see ${file}.rejected` : ''),
  );
  if (rejected > 0) terminal.exitCode = EXIT.partly;
}

interface Job {
  readonly delivery: Delivery;
  /** Null for an input that cannot be read twice. */
  readonly journal: Journal | null;
  readonly tally: Tally;
  readonly rejects: Rejects;
  readonly target: Target;
}

async function sendLine(line: Line, job: Job): Promise<void> {
  const { delivery, journal, tally, rejects, target } = job;
  const hash = hashOf(line.bytes);
  if (journal?.has(line.number, hash) === true) {
    tally.skipped += 1;
    return;
  }
  const outcome = await delivery.deliver(line.bytes, idOf(line, hash));
  if (outcome.acknowledged) {
    journal?.add(line.number, hash);
    tally.sent += 1;
    return;
  }
  // Every other line would be rejected as well.
  const reason = target.hopeless(outcome.status);
  if (reason !== null) throw new CommandError(reason);
  tally.rejected += 1;
  rejects.add(line.number, outcome.status, outcome.detail);
}

/** The id of a line's delivery: the same in each run, so that a run that was killed stores nothing twice. In the form of a UUID. */
function idOf(line: Line, hash: bigint): string {
  const digits = line.number.toString(16).padStart(16, '0') + hash.toString(16).padStart(16, '0');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Returns an error handler that says where nothing is taken, and how much was sent before it gave up. */
export function gaveUp(url: string, sent?: number): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof GaveUp)) throw error;
    const progress =
      sent === undefined ? '' : `: ${whole(sent)} sent; run it again to send the rest`;
    throw new CommandError(`${url} takes nothing (${error.message})${progress}`);
  };
}
