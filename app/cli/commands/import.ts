// `oncebox import`: messages from NDJSON or CSV, each stored exactly once.
import type { Command } from 'commander';
import { CommandError, EXIT } from '../exit.ts';
import { inputBytes } from '../input.ts';
import { databaseOf, withDatabase, withExamples, withJson } from '../options.ts';
import { type Terminal, whole } from '../terminal.ts';
import type { ImportFigures } from '../transfer/importer.ts';

interface ImportOptions {
  readonly format?: string;
  readonly rejects?: string;
  readonly database?: string;
}

export function addImportCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('import')
    .description(
      'store messages from NDJSON or CSV, each exactly once; what is there already stays',
    )
    .argument(
      '<file>',
      'what `oncebox export` wrote, or bodies of webhooks, one a line; - for stdin',
    )
    .option('--format <format>', 'ndjson or csv; unless given, as the name of the file says')
    .option(
      '--rejects <file>',
      'where rows that are no messages go; FILE.rejects.ndjson unless given',
    )
    .action((file: string, options: ImportOptions) => importFrom(terminal, file, options));
  withExamples(
    withJson(withDatabase(command)),
    ['import messages.ndjson', 'run it again after an interruption: what is there is skipped'],
    ['import --format csv - < messages.csv', 'from standard input'],
  );
}

async function importFrom(terminal: Terminal, file: string, options: ImportOptions): Promise<void> {
  const { formatOf } = await import('../transfer/format.ts');
  const { Importer } = await import('../transfer/importer.ts');
  const isStdin = file === '-';
  const format = formatOf(options.format, isStdin ? undefined : file);
  const bytes = isStdin ? null : inputBytes(file);
  const rejects = options.rejects ?? `${isStdin ? 'stdin' : file}.rejects.ndjson`;
  const importer = new Importer({
    database: databaseOf(options),
    file: isStdin ? null : file,
    format,
    rejectsFile: rejects,
    interruption: terminal.interruption(),
  });
  try {
    const reading = terminal.progress('importing');
    const readings = await importer.store((done) => reading.update(done, bytes));
    const indexing = terminal.progress('search index');
    if (readings.failure === null) await importer.index((done) => indexing.update(done, null));
    indexing.end();
  } finally {
    await importer.close();
    report(terminal, importer.figures, rejects);
  }
  const { failure, rejected, conflicts } = importer.figures;
  if (failure !== null)
    throw new CommandError(`${file}: ${failure}; what came before it is stored`);
  if (rejected + conflicts > 0) terminal.exitCode = EXIT.partly;
}

function report(terminal: Terminal, figures: ImportFigures, rejects: string): void {
  const { rows, created, duplicates, conflicts, rejected, seconds } = figures;
  const refused = rejected + conflicts > 0;
  terminal.result({ ...figures, rejects: refused ? rejects : null }, () => [
    `${whole(rows)} rows in ${seconds.toFixed(1)} s (${whole(rows / Math.max(seconds, 0.001))} a second): ` +
      `${whole(created)} stored, ${whole(duplicates)} there already`,
    ...(refused
      ? [
          `${whole(rejected)} no messages, ${whole(conflicts)} with other content than stored: see ${rejects}`,
        ]
      : []),
  ]);
}
