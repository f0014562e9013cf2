// `oncebox export`: messages as NDJSON or CSV, in the order of the list.
import type { Command } from 'commander';
import { type Instant, parseInstant } from '../../model/instant.ts';
import { CommandError, EXIT } from '../exit.ts';
import { databaseOf, withDatabase, withExamples, withJson } from '../options.ts';
import { type Terminal, whole } from '../terminal.ts';

interface ExportOptions {
  readonly from?: string;
  readonly since?: string;
  readonly until?: string;
  readonly q?: string;
  readonly format?: string;
  readonly output?: string;
  readonly spreadsheet?: boolean;
  readonly database?: string;
}

export function addExportCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('export')
    .description('write messages as NDJSON or CSV, in the order of the list')
    .option('--from <number>', 'only messages of this sender')
    .option('--since <instant>', 'only messages with this ts or a later one')
    .option('--until <instant>', 'only messages with an earlier ts than this')
    .option('--q <text>', 'only messages whose text holds this, in any case')
    .option('--format <format>', 'ndjson or csv; unless given, as the name of the file says')
    .option('-o, --output <file>', 'write to this file, which appears when it is complete')
    .option('--spreadsheet', 'CSV that a spreadsheet may open: no cell can be taken for a formula')
    .action((options: ExportOptions) => exportTo(terminal, options));
  withExamples(
    withJson(withDatabase(command)),
    ['export --output messages.ndjson', 'everything; `oncebox import` takes it in again'],
    ['export --from +919876543210 --format csv', 'what one sender sent, to stdout'],
  );
}

/** Reads an instant of the command line; null where the option was not given. Throws CommandError. */
export function instantOption(name: string, text: string | undefined): Instant | null {
  if (text === undefined) return null;
  const instant = parseInstant(text);
  if (instant !== null) return instant;
  throw new CommandError(
    `--${name} is an instant in UTC such as 2025-01-15T10:00:00Z, not ${text.slice(0, 64)}`,
    EXIT.usage,
  );
}

async function exportTo(terminal: Terminal, options: ExportOptions): Promise<void> {
  const { formatOf, headOf, lineOf } = await import('../transfer/format.ts');
  const { toFile, toStdout } = await import('../transfer/output.ts');
  const { exportMessages } = await import('../../storage/sqlite/maintenance/export.ts');
  const { output: file, spreadsheet = false } = options;
  const format = formatOf(options.format, file);
  if (spreadsheet && format !== 'csv')
    throw new CommandError('--spreadsheet is for CSV: add --format csv', EXIT.usage);
  if (terminal.json && file === undefined)
    throw new CommandError('--json needs --output: stdout has the messages', EXIT.usage);
  const filter = {
    from: options.from ?? null,
    since: instantOption('since', options.since),
    until: instantOption('until', options.until),
    text: options.q || null,
  };
  const path = databaseOf(options);
  const interruption = terminal.interruption();
  const startMs = performance.now();
  const progress = terminal.progress('messages');
  const output = file === undefined ? toStdout(interruption) : toFile(file);
  let messages = 0;
  try {
    await output.write(headOf(format, spreadsheet));
    for (const stretch of exportMessages(path, filter)) {
      let text = '';
      for (const message of stretch) text += lineOf(message, format, spreadsheet);
      await output.write(text);
      messages += stretch.length;
      progress.update(messages, null);
      // A turn of the event loop, in which a signal is noticed.
      await new Promise(setImmediate);
      interruption.throwIfAborted();
    }
    await output.finish();
  } catch (error) {
    output.discard();
    throw error;
  }
  progress.end();
  if (file === undefined) return;
  const seconds = (performance.now() - startMs) / 1_000;
  terminal.result({ messages, file, format, seconds }, () => [
    `${whole(messages)} messages in ${file}, ${seconds.toFixed(1)} s`,
  ]);
}
