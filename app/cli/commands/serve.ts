// `oncebox serve`: the service in the foreground, as `npm start` runs it.
import type { Command } from 'commander';
import { withExamples } from '../options.ts';
import type { Terminal } from '../terminal.ts';

export function addServeCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('serve')
    .description('run the service in the foreground, until SIGTERM or Ctrl-C')
    .action(async () => {
      // From here on the process is the service: its signals, its exit codes, its log on stdout.
      terminal.release();
      const { run } = await import('../../main.ts');
      await run();
    });
  withExamples(command, ['serve', 'serves on HOST and PORT; needs WEBHOOK_SECRET']);
}
