// `oncebox export`: messages as NDJSON or CSV, in the order of the list.
import type { Command } from 'commander';
import type { Instant } from '../../model/instant.ts';
import { CommandError, EXIT } from '../exit.ts';
import {
  adminOf,
  formatOption,
  instant,
  withDatabase,
  withExamples,
  withJson,
} from '../options.ts';
import { type Terminal, whole } from '../terminal.ts';
import { type Format, formatOf, headOf, lineOf } from '../transfer/format.ts';

interface ExportOptions {
  readonly from?: string;
  readonly since?: Instant;
  readonly until?: Instant;
  readonly q?: string;
  readonly format?: Format;
  readonly output?: string;
  readonly spreadsheet?: boolean;
  readonly database?: string;
}

export function addExportCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('export')
    .description('write messages as NDJSON or CSV, in the order of the list')
    .option('--from <number>', 'only messages of this sender')
    .option('--since <instant>', 'only messages with this ts or a later one', instant)
    .option('--until <instant>', 'only messages with an earlier ts than this', instant)
    .option('--q <text>', 'only messages whose text contains this, in upper or lower case')
    .addOption(formatOption())
    .option('-o, --output <file>', 'write to this file, which appears when it is complete')
    .option(
      '--spreadsheet',
      'CSV that is safe to open in a spreadsheet: no cell is taken for a formula',
    )
    .action((options: ExportOptions) => exportTo(terminal, options));
  withExamples(
    withJson(withDatabase(command)),
    ['export --output messages.ndjson', 'everything; `oncebox import` reads it back'],
    ['export --from +919876543210 --format csv', 'what one sender sent, to stdout'],
  );
}

async function exportTo(terminal: Terminal, options: ExportOptions): Promise<void> {
  const { toFile, toStdout } = await import('../transfer/output.ts');
  const { output: file, spreadsheet = false } = options;
  const format = options.format ?? formatOf(file);
  if (spreadsheet && format !== 'csv')
    throw new CommandError('--spreadsheet is for CSV: add --format csv', EXIT.usage);
  if (terminal.json && file === undefined)
    throw new CommandError('--json needs --output: the messages go to stdout', EXIT.usage);
  const filter = {
    from: options.from ?? null,
    since: options.since ?? null,
    until: options.until ?? null,
    text: options.q || null,
  };
  const admin = await adminOf(options);
  const interruption = terminal.interruption();
  const startMs = performance.now();
  const progress = terminal.progress();
  const output = file === undefined ? toStdout(interruption) : toFile(file);
  let messages = 0;
  try {
    await output.write(headOf(format, spreadsheet));
    for await (const chunk of admin.exportMessages(filter)) {
      let text = '';
      for (const message of chunk) text += lineOf(message, format, spreadsheet);
      await output.write(text);
      messages += chunk.length;
      progress('messages', messages, null);
      // Signals arrive in an iteration of the event loop.
      await new Promise(setImmediate);
      interruption.throwIfAborted();
    }
    await output.finish();
  } catch (error) {
    output.discard();
    throw error;
  }
  if (file === undefined) return;
  const seconds = (performance.now() - startMs) / 1_000;
  terminal.result({ messages, file, format, seconds }, () => [
    `${whole(messages)} messages in ${file}, ${seconds.toFixed(1)} s`,
  ]);
}
