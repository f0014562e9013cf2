// `oncebox backup`: a copy of the live database, checked before it gets its name.
import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { AdminError, type Depth } from '../../storage/admin.ts';
import { CommandError } from '../exit.ts';
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
  readonly force?: boolean;
  readonly keep?: number;
  readonly check: Depth;
}

export function addBackupCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('backup <file>')
    .description(
      'copy the database while the service writes; the copy is checked before it gets its name',
    )
    .option('--force', 'replace a file that has this name')
    .option(
      '--keep <n>',
      'put the time into the name, and keep the newest n of them',
      wholeNumber(1, 10_000),
    )
    .addOption(depthOption('how the copy is checked', 'quick'))
    .action((file: string, options: Options) => makeBackup(terminal, file, options));
  withExamples(
    withJson(withDatabase(command)),
    ['backup /backups/app.db', 'makes one backup; refuses if the file is there'],
    [
      'backup --keep 7 /backups/app.db',
      'makes /backups/app-20260115T020000Z.db, and keeps the newest seven',
    ],
  );
}

async function makeBackup(terminal: Terminal, file: string, options: Options): Promise<void> {
  const admin = await adminOf(options);
  const plain = resolve(file);
  const target = options.keep === undefined ? plain : timedName(plain, new Date());
  const report = await admin
    .backup(
      {
        target,
        replace: options.force === true,
        depth: options.check,
        signal: terminal.interruption(),
      },
      terminal.progress(),
    )
    .catch((error: unknown) => {
      if (error instanceof AdminError && error.code === 'bad_copy')
        throw new CommandError(`the copy is not sound and was thrown away: ${error.message}`);
      throw error;
    });
  const removed = options.keep === undefined ? [] : removeOld(plain, options.keep);
  terminal.result({ ...report, removed }, () => [
    `${report.file}: ${rowsText(report)}, ${bytes(report.bytes)}, checked`,
    `copied in ${report.copySeconds.toFixed(1)} s, checked in ${report.checkSeconds.toFixed(1)} s`,
    ...removed.map((path) => `removed ${path}`),
  ]);
}

/** Returns `app-20260115T020000Z.db` for `app.db`: names sort by time. */
function timedName(file: string, now: Date): string {
  const extension = extname(file);
  const stamp = `${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
  return `${file.slice(0, file.length - extension.length)}-${stamp}${extension}`;
}

/** Removes the oldest of the timed copies until `keep` are left. Returns their paths. */
function removeOld(file: string, keep: number): string[] {
  const extension = extname(file);
  const stem = basename(file, extension);
  const own = readdirSync(dirname(file))
    .filter(
      (name) =>
        name.startsWith(`${stem}-`) &&
        name.endsWith(extension) &&
        /^[0-9]{8}T[0-9]{6}Z$/.test(name.slice(stem.length + 1, name.length - extension.length)),
    )
    .toSorted();
  const old = own.slice(0, Math.max(0, own.length - keep)).map((name) => join(dirname(file), name));
  for (const path of old) rmSync(path, { force: true });
  return old;
}
