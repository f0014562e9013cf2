// Starts the service once and stops it, so that the compiled code of its threads is kept for every later start.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../app/main.ts', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'oncebox-warm-'));
// As the service is started: the compiled code is kept for each set of such options.
const OPTIONS = '--max-semi-space-size=16 --no-allocation-site-pretenuring'.split(' ');
const child = spawn(process.execPath, [...OPTIONS, main], {
  // NODE_COMPILE_CACHE, which names the place, comes from the caller.
  env: {
    ...process.env,
    WEBHOOK_SECRET: 'warm',
    HOST: '127.0.0.1',
    PORT: '0',
    DATABASE_URL: `sqlite:///${directory}/app.db`,
  },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const exited = once(child, 'exit');
for await (const line of createInterface({ input: child.stdout })) {
  if (line.includes('"event":"listening"')) child.kill('SIGTERM');
}
const [code] = (await exited) as [number | null];
// What the command needs is kept too: its entry, and a look into the file that the service has just made.
const oncebox = fileURLToPath(new URL('../app/cli/oncebox.ts', import.meta.url));
const look = spawn(process.execPath, [oncebox, 'stats', '--database', join(directory, 'app.db')], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
const [looked] = (await once(look, 'exit')) as [number | null];
rmSync(directory, { recursive: true });
process.exitCode = (code ?? 1) || (looked ?? 1);
