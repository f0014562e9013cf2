// `oncebox send`: signs and posts one message or body, or the lines of a file, each until it is acknowledged.
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { ENVIRONMENT } from '../../config/environment.ts';
import { variableOf } from '../../config/named.ts';
import { variableOfSecret } from '../../config/secrets.ts';
import { Delivery } from '../delivery.ts';
import { CommandError, EXIT } from '../exit.ts';
import { BODY_BYTES_MAX, readWhole } from '../input.ts';
import { httpUrl, wholeNumber, withExamples, withJson } from '../options.ts';
import { gaveUp, sendLines, type Target } from '../send-lines.ts';
import type { Signing } from '../signing.ts';
import type { Terminal } from '../terminal.ts';

interface Options {
  readonly source?: string;
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

/** Options of the one message that is made here; a source has bodies of its own form. */
const OF_MESSAGE = ['from', 'to', 'ts', 'text'] as const;
const UNAUTHORIZED = 401;
const NOT_FOUND = 404;

export function addSendCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('send [file]')
    .description(
      'sign and post one message, or with --file each line of a file of messages; ' +
        'with --source a file, or standard input, as one body',
    )
    .option('--source <name>', 'post bodies as the provider of this source does')
    .option('--url <url>', 'where to post', httpUrl, 'http://127.0.0.1:8000/webhook')
    .option('--id <id>', 'message_id, or with --source the id of the delivery; default: a new one')
    .option('--from <number>', 'the sender', '+10000000001')
    .option('--to <number>', 'the recipient', '+10000000002')
    .option('--ts <instant>', 'when it was sent; default: now')
    .option('--text <text>', 'the text; default: none')
    .option('--file <file>', 'NDJSON, one message per line, or one body; - for standard input')
    .option('--concurrency <n>', 'concurrent posts', wholeNumber(1, 256), 16)
    .option(
      '--patience <s>',
      'give up when posts have failed for so many seconds in a row',
      wholeNumber(0, 86_400),
      60,
    )
    .action(async (body: string | undefined, options: Options) => {
      refuseContradiction(command, body, options);
      const target = await targetOf(command, options);
      if (options.file !== undefined) await sendLines(terminal, options.file, target);
      else if (options.source === undefined) await sendOne(terminal, target, options);
      else await sendBody(terminal, target, body ?? '-', options);
    });
  withExamples(
    withJson(command),
    ["send --from +919876543210 --text 'Hello'", 'posts one message'],
    [
      'send --file messages.ndjson',
      'posts each line; run it again to send what was not acknowledged (messages.ndjson.sent lists what was); ' +
        'messages.ndjson.rejected lists what the service rejected',
    ],
    ['send --source whatsapp post.json', 'posts the file as Meta would, to /webhook/whatsapp'],
    ['send --source sms --file forms.txt', 'posts each line, a form of Twilio, to /webhook/sms'],
  );
}

/** Throws CommandError for arguments that do not fit together. */
function refuseContradiction(
  command: Command,
  body: string | undefined,
  { source, file }: Options,
): void {
  const wrong = (reason: string): CommandError => new CommandError(reason, EXIT.usage);
  if (body !== undefined && source === undefined) throw wrong('a file needs --source, or --file');
  if (body !== undefined && file !== undefined) throw wrong('--file excludes another file');
  const stray = OF_MESSAGE.find((name) => command.getOptionValueSource(name) === 'cli');
  if (source !== undefined && stray !== undefined)
    throw wrong(`--${stray} has no meaning with --source`);
}

/** Resolves to where to post and how it is signed. Rejects with ConfigError, and with CommandError for a source that is not there. */
async function targetOf(command: Command, options: Options): Promise<Target> {
  const { SOURCE_PREFIX } = await import('../../config/sources.ts');
  const { defaultSigning, sourceNamed } = await import('../signing.ts');
  const { source, concurrency, patience } = options;
  const receiver = source === undefined ? null : sourceNamed(source).receiver;
  const sign: Signing =
    receiver === null ? defaultSigning() : (body, signed) => receiver.sign(body, signed);
  const given = command.getOptionValueSource('url') === 'cli';
  const url = source === undefined || given ? options.url : `${options.url}/${source}`;
  const secret =
    source === undefined
      ? 'WEBHOOK_SECRET'
      : variableOfSecret(ENVIRONMENT, variableOf(SOURCE_PREFIX, source, 'SECRET'));
  return {
    url,
    concurrency,
    deliveryUntil: (signal) => new Delivery({ url, sign, patienceMs: patience * 1_000, signal }),
    hopeless(status) {
      if (status === UNAUTHORIZED)
        return `the service does not accept the signature: is ${secret} that of the service?`;
      return source !== undefined && status === NOT_FOUND
        ? `the service has no source ${source} at ${url}`
        : null;
    },
  };
}

/** The message that the options describe. */
async function sendOne(terminal: Terminal, target: Target, options: Options): Promise<void> {
  const message = {
    message_id: options.id ?? randomUUID(),
    from: options.from,
    to: options.to,
    ts: options.ts ?? new Date().toISOString(),
    ...(options.text === undefined ? {} : { text: options.text }),
  };
  await post(terminal, target, Buffer.from(JSON.stringify(message)), message.message_id);
  terminal.result({ ...message, acknowledged: true }, () => `${message.message_id} acknowledged`);
}

/** A whole file as one body. */
async function sendBody(
  terminal: Terminal,
  target: Target,
  file: string,
  { id = randomUUID() }: Options,
): Promise<void> {
  const body = readWhole(file === '-' ? null : file, BODY_BYTES_MAX);
  await post(terminal, target, body, id);
  terminal.result({ id, bytes: body.length, acknowledged: true }, () => `${id} acknowledged`);
}

/** Resolves when the body is acknowledged. Rejects with CommandError where it is refused. */
async function post(terminal: Terminal, target: Target, body: Buffer, id: string): Promise<void> {
  const delivery = target.deliveryUntil(terminal.interruption());
  const outcome = await delivery.deliver(body, id).catch(gaveUp(target.url));
  if (outcome.acknowledged) return;
  throw new CommandError(`refused with ${outcome.status}: ${JSON.stringify(outcome.detail)}`);
}
