// `oncebox sign`: the value of X-Signature for a body.
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { readSigningKey } from '../../config.ts';
import { signatureOf } from '../../ingest/signature.ts';
import { withExamples, withJson } from '../options.ts';
import type { Terminal } from '../terminal.ts';

const STDIN = 0;

export function addSignCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('sign [file]')
    .description('sign the bytes of a file, or of standard input, with WEBHOOK_SECRET')
    .action((file: string | undefined) => {
      const body = readFileSync(file === undefined || file === '-' ? STDIN : file);
      const signature = signatureOf(readSigningKey(), body);
      terminal.result({ header: 'X-Signature', signature, bytes: body.length }, () => signature);
    });
  withExamples(
    withJson(command),
    ['sign body.json', 'prints the header value for the bytes of body.json'],
    ['sign < body.json', 'the same'],
  );
}
