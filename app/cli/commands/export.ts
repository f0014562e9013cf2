// `oncebox export`: messages as NDJSON or CSV, in the order of the list; in NDJSON events and deliveries follow.
import type { Command } from 'commander';
import type { Instant } from '../../model/instant.ts';
import type { ExportFilter } from '../../storage/archive.ts';
import { CommandError, EXIT } from '../exit.ts';
import {
  adminOf,
  formatOption,
  instant,
  withDatabase,
  withExamples,
  withJson,
} from '../options.ts';
import { rowsText, type Terminal } from '../terminal.ts';
import { type Format, formatOf } from '../transfer/format.ts';

interface ExportOptions {
  readonly source?: string;
  readonly messagesOnly?: boolean;
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
    .description(
      'write messages as NDJSON or CSV, in the order of the list; in NDJSON events and deliveries follow them',
    )
    .option('--source <name>', 'only what came from this source; default: POST /webhook')
    .option('--from <number>', 'only messages of this sender')
    .option('--since <instant>', 'only messages and events with this ts or a later one', instant)
    .option('--until <instant>', 'only messages and events with an earlier ts than this', instant)
    .option('--q <text>', 'only messages whose text contains this, in upper or lower case')
    .option('--messages-only', 'NDJSON without events and deliveries')
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
  const [{ toFile, toStdout }, { Exporter }, { refuseOwnFile }] = await Promise.all([
    import('../transfer/output.ts'),
    import('../transfer/exporter.ts'),
    import('../transfer/own-files.ts'),
  ]);
  const { output: file, spreadsheet = false } = options;
  const format = options.format ?? formatOf(file);
  if (spreadsheet && format !== 'csv')
    throw new CommandError('--spreadsheet is for CSV: add --format csv', EXIT.usage);
  if (terminal.json && file === undefined)
    throw new CommandError('--json needs --output: the messages go to stdout', EXIT.usage);
  const filter: ExportFilter = {
    source: options.source ?? null,
    from: options.from ?? null,
    since: options.since ?? null,
    until: options.until ?? null,
    text: options.q || null,
  };
  const admin = await adminOf(options);
  if (file !== undefined) refuseOwnFile('--output', file, admin.location);
  const interruption = terminal.interruption();
  const startMs = performance.now();
  const progress = terminal.progress();
  const output = file === undefined ? toStdout(interruption) : toFile(file);
  const exporter = new Exporter(admin, output, interruption, (kind, count) =>
    progress(kind, count, null),
  );
  try {
    await exporter.messages(filter, format, spreadsheet);
    if (format === 'ndjson' && options.messagesOnly !== true) await exporter.rest(filter);
    await output.finish();
  } catch (error) {
    output.discard();
    throw error;
  }
  if (file === undefined) return;
  const { counts } = exporter;
  const seconds = (performance.now() - startMs) / 1_000;
  terminal.result({ ...counts, file, format, seconds }, () => [
    `${rowsText(counts)} in ${file}, ${seconds.toFixed(1)} s`,
  ]);
}
