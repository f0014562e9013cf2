// `oncebox restore`: replaces the database with a backup.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CommandError } from '../exit.ts';
import { AdminError, type Depth, LAST_SEQ_MAX } from '../../storage/admin.ts';
import {
  adminOf,
  depthOption,
  wholeNumber,
  withDatabase,
  withExamples,
  withJson,
} from '../options.ts';
import { bytes, rowsText, type Terminal } from '../terminal.ts';

interface Options {
  readonly database?: string;
  readonly check: Depth;
  readonly firstNumber?: number;
}

export function addRestoreCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('restore <file>')
    .description('check a backup and replace the database with it; refuses while a service runs')
    .addOption(depthOption('how the backup is checked', 'full'))
    .option(
      '--first-number <number>',
      'the sequence number of the next message; default: one above the highest of the backup and of the replaced ' +
        'database, or, where that database is missing or damaged, the time in milliseconds since 1970',
      wholeNumber(1, LAST_SEQ_MAX),
    )
    .action((file: string, options: Options) => restore(terminal, file, options));
  withExamples(withJson(withDatabase(command)), [
    'restore /backups/app.db',
    'checks it, replaces the database with it, and keeps the old file beside it',
  ]);
}

async function restore(terminal: Terminal, file: string, options: Options): Promise<void> {
  const admin = await adminOf(options);
  try {
    const report = await admin.restore(
      {
        backup: resolve(file),
        depth: options.check,
        firstNumber: options.firstNumber ?? null,
        signal: terminal.interruption(),
      },
      terminal.progress(),
    );
    if (report.numberSource === 'clock')
      terminal.note(
        'the last number of the replaced database is not known: numbering continues above any that it can have assigned',
      );
    terminal.result(report, () => [
      `${report.file}: ${rowsText(report)}, ${bytes(report.bytes)}, checked`,
      `the next message gets the number ${report.lastSeq + 1}`,
      ...(report.kept === null ? [] : [`the old file is ${report.kept}`]),
      'the next start of the service builds the index again',
    ]);
  } catch (error) {
    if (error instanceof AdminError && error.code === 'bad_copy')
      throw new CommandError(`${file} was not restored: ${error.message}`);
    throw error;
  }
}
