// `oncebox send`: signs and posts one message, or the lines of a file, each until it is acknowledged.
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import type { Command } from 'commander';
import { readSigningKey } from '../../config/secrets.ts';
import { Delivery, GaveUp } from '../delivery.ts';
import { CommandError, EXIT } from '../exit.ts';
import { hashOf, Journal } from '../journal.ts';
import { inputBytes } from '../input.ts';
import { type Line, linesOf } from '../lines.ts';
import { httpUrl, wholeNumber, withExamples, withJson } from '../options.ts';
import { type Terminal, whole } from '../terminal.ts';

interface Options {
  readonly url: string;
  readonly file?: string;
  readonly id?: string;
  readonly from: string;
  readonly to: string;
  readonly ts?: string;
  readonly text?: string;
  readonly concurrency: number;
  readonly patience: number;
}

const UNAUTHORIZED = 401;
/** Rejected lines that are printed on stderr; all of them are in the file. */
const REJECTS_PRINTED = 10;

export function addSendCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('send')
    .description('sign and post one message, or with --file each line of a file of messages')
    .option('--url <url>', 'where to post', httpUrl, 'http://127.0.0.1:8000/webhook')
    .option('--id <id>', 'message_id; default: a new one')
    .option('--from <number>', 'the sender', '+10000000001')
    .option('--to <number>', 'the recipient', '+10000000002')
    .option('--ts <instant>', 'when it was sent; default: now')
    .option('--text <text>', 'the text; default: none')
    .option('--file <file>', 'NDJSON, one message per line; - for standard input')
    .option('--concurrency <n>', 'concurrent posts', wholeNumber(1, 256), 16)
    .option(
      '--patience <s>',
      'give up when posts have failed for so many seconds in a row',
      wholeNumber(0, 86_400),
      60,
    )
    .action((options: Options) =>
      options.file === undefined
        ? sendOne(terminal, options)
        : sendFile(terminal, options, options.file),
    );
  withExamples(
    withJson(command),
    ["send --from +919876543210 --text 'Hello'", 'posts one message'],
    [
      'send --file messages.ndjson',
      'posts each line; run it again to send what was not acknowledged (messages.ndjson.sent lists what was); ' +
        'messages.ndjson.rejected lists what the service rejected',
    ],
  );
}

function deliveryOf(options: Options, signal: AbortSignal): Delivery {
  return new Delivery({
    url: options.url,
    secret: readSigningKey(),
    patienceMs: options.patience * 1_000,
    signal,
  });
}

async function sendOne(terminal: Terminal, options: Options): Promise<void> {
  const message = {
    message_id: options.id ?? randomUUID(),
    from: options.from,
    to: options.to,
    ts: options.ts ?? new Date().toISOString(),
    ...(options.text === undefined ? {} : { text: options.text }),
  };
  const delivery = deliveryOf(options, terminal.interruption());
  const outcome = await delivery
    .deliver(Buffer.from(JSON.stringify(message)))
    .catch(gaveUp(options.url));
  if (!outcome.acknowledged)
    throw new CommandError(`refused with ${outcome.status}: ${JSON.stringify(outcome.detail)}`);
  terminal.result({ ...message, acknowledged: true }, () => `${message.message_id} acknowledged`);
}

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

async function sendFile(terminal: Terminal, options: Options, file: string): Promise<void> {
  if (file !== '-') inputBytes(file);
  const journal = file === '-' ? null : await Journal.open(`${file}.sent`);
  const tally: Tally = { sent: 0, skipped: 0, rejected: 0 };
  const rejects = new Rejects(file, terminal);
  const stop = new AbortController();
  const signal = AbortSignal.any([terminal.interruption(), stop.signal]);
  const delivery = deliveryOf(options, signal);
  const progress = terminal.progress();
  const lines = linesOf(file, signal);
  const sender = async (): Promise<void> => {
    for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
      await sendLine(next.value, { delivery, journal, tally, rejects });
      progress('sent', tally.sent + tally.skipped, null);
    }
  };
  try {
    const senders = Array.from({ length: options.concurrency }, sender);
    // The first that fails stops the others; what was acknowledged to them is recorded before the journal closes.
    await Promise.all(senders).catch(async (error: unknown) => {
      stop.abort();
      await Promise.allSettled(senders);
      gaveUp(options.url, tally.sent)(error);
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
}

async function sendLine(line: Line, { delivery, journal, tally, rejects }: Job): Promise<void> {
  const hash = hashOf(line.bytes);
  if (journal?.has(line.number, hash) === true) {
    tally.skipped += 1;
    return;
  }
  const outcome = await delivery.deliver(line.bytes);
  if (outcome.acknowledged) {
    journal?.add(line.number, hash);
    tally.sent += 1;
    return;
  }
  // Every other line would be rejected as well.
  if (outcome.status === UNAUTHORIZED)
    throw new CommandError(
      'the service does not accept the signature: is WEBHOOK_SECRET that of the service?',
    );
  tally.rejected += 1;
  rejects.add(line.number, outcome.status, outcome.detail);
}

/** Returns an error handler that adds how much was sent before it gave up. */
function gaveUp(url: string, sent?: number): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof GaveUp)) throw error;
    const progress =
      sent === undefined ? '' : `: ${whole(sent)} sent; run it again to send the rest`;
    throw new CommandError(`${url} takes nothing (${error.message})${progress}`);
  };
}
