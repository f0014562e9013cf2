// `oncebox restore`: puts a backup in the place of the database.
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { CommandError } from '../exit.ts';
import { databaseOf, withDatabase, withExamples, withJson } from '../options.ts';
import { bytes, type Terminal, whole } from '../terminal.ts';

interface Options {
  readonly database?: string;
  readonly check: 'quick' | 'full';
}

export function addRestoreCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('restore <file>')
    .description(
      'check a backup and put it in the place of the database; refuses while a service runs',
    )
    .addOption(
      new Option('--check <depth>', 'how the backup is checked')
        .choices(['quick', 'full'])
        .default('full'),
    )
    .action((file: string, options: Options) => putBack(terminal, file, options));
  withExamples(withJson(withDatabase(command)), [
    'restore /backups/app.db',
    'checks it, keeps the old file beside the database, and takes its place',
  ]);
}

async function putBack(terminal: Terminal, file: string, options: Options): Promise<void> {
  const { restore } = await import('../../storage/sqlite/maintenance/restore.ts');
  const { BadCopy } = await import('../../storage/sqlite/maintenance/files.ts');
  const shown = { copying: terminal.progress('copying'), checking: terminal.progress('checking') };
  try {
    const report = await restore(
      {
        backup: resolve(file),
        target: databaseOf(options),
        depth: options.check,
        signal: terminal.interruption(),
      },
      (stage, done, all) => shown[stage].update(done, all),
    );
    terminal.result(report, () => [
      `${report.file}: ${whole(report.messages)} messages, ${bytes(report.bytes)}, checked`,
      ...(report.kept === null ? [] : [`the old file is ${report.kept}`]),
    ]);
  } catch (error) {
    if (error instanceof BadCopy)
      throw new CommandError(`${file} was not restored: ${error.message}`);
    throw error;
  }
}
