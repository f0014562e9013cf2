// The command line of `oncebox`: one program, one file for each of its commands, one handler of errors.
import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config/config-error.ts';
import { addBackupCommand } from './commands/backup.ts';
import { addCheckCommand } from './commands/check.ts';
import { addConfigCommand } from './commands/config.ts';
import { addExportCommand } from './commands/export.ts';
import { addForwardCommand } from './commands/forward.ts';
import { addImportCommand } from './commands/import.ts';
import { addMigrateCommand } from './commands/migrate.ts';
import { addPruneCommand } from './commands/prune.ts';
import { addReplayCommand } from './commands/replay.ts';
import { addRestoreCommand } from './commands/restore.ts';
import { addSendCommand } from './commands/send.ts';
import { addServeCommand } from './commands/serve.ts';
import { addSignCommand } from './commands/sign.ts';
import { addSourcesCommand } from './commands/sources.ts';
import { addStatsCommand } from './commands/stats.ts';
import { isExpected } from '../model/refusal.ts';
import { AdminError } from '../storage/admin.ts';
import { CommandError, EXIT, type ExitCode } from './exit.ts';
import { Terminal } from './terminal.ts';
import { version } from '../version.ts';

/** Each adds one command. Modules that are slow to load are imported by the action that needs them. */
const COMMANDS: readonly ((program: Command, terminal: Terminal) => void)[] = [
  addServeCommand,
  addConfigCommand,
  addSourcesCommand,
  addExportCommand,
  addImportCommand,
  addMigrateCommand,
  addPruneCommand,
  addReplayCommand,
  addSignCommand,
  addSendCommand,
  addForwardCommand,
  addBackupCommand,
  addRestoreCommand,
  addCheckCommand,
  addStatsCommand,
];

/** Runs one command line, without the name of the program. Resolves to the exit code; never rejects. */
export async function run(args: readonly string[]): Promise<ExitCode> {
  // The files that commands write hold messages: only this user may read them.
  process.umask(0o077);
  const terminal = new Terminal();
  const program = createProgram(terminal);
  let code: ExitCode;
  try {
    await program.parseAsync(args, { from: 'user' });
    code = terminal.interruptedCode ?? terminal.exitCode;
  } catch (error) {
    code = codeOf(error, terminal);
  }
  await terminal.end(code);
  return code;
}

function createProgram(terminal: Terminal): Command {
  const program = new Command('oncebox')
    .description('Operates Oncebox, the inbox for signed webhooks.')
    .version(version(), '-V, --version')
    .helpCommand('help [command]', 'the same as --help')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'oncebox: ')) })
    .showHelpAfterError('(see oncebox COMMAND --help)')
    .addHelpText(
      'after',
      '\nSettings come from the environment, as those of the service do. ' +
        'Exit codes: 0 done, 1 failed or a problem found, 2 wrong usage, 3 the database is in use, ' +
        '4 done except for some of the input, 78 a setting cannot be used, 130 and 143 interrupted.',
    );
  for (const add of COMMANDS) add(program, terminal);
  for (const command of program.commands) {
    // What runs is the command, or one of its own.
    command.hook('preAction', (_, running) => {
      terminal.json = running.opts()['json'] === true;
    });
  }
  return program;
}

/** Prints what went wrong, in one line unless it is a bug, and returns the exit code for it. */
function codeOf(error: unknown, terminal: Terminal): ExitCode {
  if (error instanceof CommanderError) {
    // Commander has already printed the help, the version or the error.
    return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
  if (terminal.interruptedCode !== null) {
    terminal.error('interrupted');
    return terminal.interruptedCode;
  }
  if (!isExpected(error)) {
    terminal.bug(error);
    return EXIT.failed;
  }
  terminal.error(error.message);
  if (error instanceof CommandError) return error.exitCode;
  if (error instanceof AdminError && error.code === 'in_use') return EXIT.inUse;
  if (error instanceof AdminError && error.code === 'unsupported') return EXIT.usage;
  return error instanceof ConfigError ? EXIT.config : EXIT.failed;
}
