// `oncebox serve`: the service in the foreground, as `npm start` runs it.
import { flushCompileCache, getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { ENVIRONMENT } from '../../config/environment.ts';
import { withExamples } from '../options.ts';
import type { Terminal } from '../terminal.ts';

/** As in the image, where they are explained, and for `npm start`. Code cannot set them once V8 runs. */
const OPTIONS = '--max-semi-space-size=16 --no-allocation-site-pretenuring'.split(' ');

export function addServeCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('serve')
    .description('run the service in the foreground, until SIGTERM or Ctrl-C')
    .action(async () => {
      if (process.platform !== 'win32') becomeService();
      // Windows has no way to replace a process. From here on this one is the service: its signals, its exit codes, its log on stdout.
      terminal.release();
      const { run } = await import('../../main.ts');
      await run();
    });
  withExamples(command, ['serve', 'serves on HOST and PORT; needs WEBHOOK_SECRET']);
}

/** Replaces this process by that of the service: number, terminal and environment stay. It does not return. */
function becomeService(): void {
  const main = fileURLToPath(new URL('../../main.ts', import.meta.url));
  const cache = getCompileCacheDir();
  // For the threads of the service too. Node keeps the code in a directory for each of its versions.
  const environment = cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) };
  // The end of a process writes what it has compiled, but this one does not end.
  flushCompileCache();
  process.execve?.(process.execPath, [process.execPath, ...OPTIONS, ...process.execArgv, main], {
    ...environment,
    ...ENVIRONMENT,
  });
}
