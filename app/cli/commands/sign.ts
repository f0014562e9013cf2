// `oncebox sign`: the value of X-Signature for a body.
import type { Command } from 'commander';
import { readSigningKey } from '../../config/secrets.ts';
import { signatureOf } from '../../ingest/signature.ts';
import { readWhole } from '../input.ts';
import { withExamples, withJson } from '../options.ts';
import type { Terminal } from '../terminal.ts';

/** No service takes a longer one: MAX_BODY_BYTES goes no further. */
const BODY_BYTES_MAX = 64 * 1_048_576;

export function addSignCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('sign [file]')
    .description('sign the bytes of a file, or of standard input, with WEBHOOK_SECRET')
    .action((file: string | undefined) => {
      const body = readWhole(file === undefined || file === '-' ? null : file, BODY_BYTES_MAX);
      const signature = signatureOf(readSigningKey(), body);
      terminal.result({ header: 'X-Signature', signature, bytes: body.length }, () => signature);
    });
  withExamples(
    withJson(command),
    ['sign body.json', 'prints the header value for the bytes of body.json'],
    ['sign < body.json', 'the same'],
  );
}
