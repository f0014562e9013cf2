// `oncebox sign`: the signature of a body, or all headers with which a provider would send it.
import { randomUUID } from 'node:crypto';
import { type Command, Option } from 'commander';
import { readSigningKey } from '../../config/secrets.ts';
import { signatureOf } from '../../ingest/signature.ts';
import type { Instant } from '../../model/instant.ts';
import { SCHEMES, type SchemeName } from '../../model/source.ts';
import { CommandError, EXIT } from '../exit.ts';
import { BODY_BYTES_MAX, readWhole } from '../input.ts';
import { headerValue, httpUrl, instant, withExamples, withJson } from '../options.ts';
import type { Signing } from '../signing.ts';
import type { Terminal } from '../terminal.ts';

interface Options {
  readonly scheme?: SchemeName;
  readonly source?: string;
  readonly id?: string;
  readonly url?: string;
  readonly at?: Instant;
}

export function addSignCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('sign [file]')
    .description('sign the bytes of a file, or of standard input, with WEBHOOK_SECRET')
    .addOption(
      new Option('--scheme <name>', 'all headers as this scheme has them').choices(SCHEMES),
    )
    .option('--source <name>', 'all headers as for this source, with its secret')
    .option(
      '--id <id>',
      'with --scheme or --source: id of the delivery; default: a new one',
      headerValue,
    )
    .option('--url <url>', 'with --scheme: the URL, where the scheme signs it', httpUrl)
    .option('--at <instant>', 'with --scheme or --source: when it is signed; default: now', instant)
    .action(async (file: string | undefined, options: Options) => {
      const signing = await signingOf(options);
      const body = readWhole(file === undefined || file === '-' ? null : file, BODY_BYTES_MAX);
      if (signing === null) printSignature(terminal, body);
      else printHeaders(terminal, body, signing, options);
    });
  withExamples(
    withJson(command),
    ['sign body.json', 'prints the value of X-Signature for the bytes of body.json'],
    ['sign < body.json', 'the same'],
    [
      'sign --scheme github body.json | curl -H @- --data-binary @body.json http://127.0.0.1:8000/webhook/code',
      'posts body.json as GitHub would, to the source `code`',
    ],
    [
      'sign --source sms form.txt',
      'prints the headers for a form of the source `sms`, with its secret and its URL',
    ],
  );
}

/** Resolves to what signs; null where only X-Signature is asked for. Rejects with CommandError for options that do not fit together. */
async function signingOf({ scheme, source, id, url, at }: Options): Promise<Signing | null> {
  const wrong = (reason: string): CommandError => new CommandError(reason, EXIT.usage);
  if (scheme !== undefined && source !== undefined)
    throw wrong('--scheme and --source exclude each other');
  if (url !== undefined && scheme === undefined) throw wrong('--url needs --scheme');
  if (source !== undefined) {
    const { sourceNamed } = await import('../signing.ts');
    const { receiver } = sourceNamed(source);
    return (body, options) => receiver.sign(body, options);
  }
  if (scheme !== undefined) {
    const { schemeSigning } = await import('../signing.ts');
    return schemeSigning(scheme, url);
  }
  if (id !== undefined || at !== undefined)
    throw wrong(`${id === undefined ? '--at' : '--id'} needs --scheme or --source`);
  return null;
}

function printSignature(terminal: Terminal, body: Buffer): void {
  const signature = signatureOf(readSigningKey(), body);
  terminal.result({ header: 'X-Signature', signature, bytes: body.length }, () => signature);
}

function printHeaders(
  terminal: Terminal,
  body: Buffer,
  sign: Signing,
  { id = randomUUID(), at }: Options,
): void {
  const nowMs = at === undefined ? Date.now() : at.seconds * 1_000 + Math.floor(at.nanos / 1e6);
  const { headers, query } = sign(body, { nowMs, id });
  terminal.result({ headers, query, bytes: body.length }, () =>
    Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  );
  if (query !== '' && !terminal.json) terminal.note(`The URL to post to ends in ?${query}`);
}
