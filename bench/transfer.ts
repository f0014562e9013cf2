// Export, then import into an empty database: the same messages in the same order, with time and memory of both.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { filledTable } from './fill.ts';
import { memory } from './process-figures.ts';

const ONCEBOX = fileURLToPath(new URL('../app/cli/oncebox.ts', import.meta.url));
const LOOK_EVERY_MS = 100;

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    format: { type: 'string', default: 'ndjson' },
    from: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(
    'npm run bench:transfer -- [--rows 1000000] [--format ndjson|csv] [--from DATABASE]\n' +
      '--from exports a database that is there instead of a table filled for this.\n' +
      'Needs some 3 kB of disk a row in the directory for temporary files.\n',
  );
} else await run(values.from ?? null, Number(values.rows), values.format);

interface Called {
  readonly seconds: number;
  readonly peakMib: number;
  readonly told: Record<string, unknown>;
}

async function run(from: string | null, filled: number, format: string): Promise<void> {
  const path = from ?? filledTable(filled).path;
  const directory = mkdtempSync(join(tmpdir(), 'oncebox-transfer-'));
  try {
    const first = join(directory, `first.${format}`);
    const second = join(directory, `second.${format}`);
    const copy = join(directory, 'app.db');
    const exported = await call('export', '-d', path, '-o', first);
    const imported = await call('import', '-d', copy, first);
    const bytes = statSync(first).size;
    const rows = Number(exported.told['messages']);
    const before = await digest(first);
    rmSync(first);
    const again = await call('export', '-d', copy, '-o', second);
    const same = before === (await digest(second)) && bytes === statSync(second).size;
    say('export', exported, rows);
    say('import', imported, rows);
    const stored = Number(imported.told['seconds']);
    process.stdout.write(
      `  stored and listed after ${stored.toFixed(1)} s (${Math.round(rows / stored)} rows a second), the rest is the search index\n`,
    );
    say('export of the copy', again, rows);
    process.stdout.write(
      `${format}: ${(bytes / 1e6).toFixed(0)} MB, database ${(statSync(copy).size / 1e6).toFixed(0)} MB, index ${(statSync(`${copy}-index`).size / 1e6).toFixed(0)} MB; ` +
        `the copy has ${same ? 'the same messages in the same order' : 'OTHER MESSAGES'}\n`,
    );
    if (!same) process.exitCode = 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs a command and samples its memory while it runs. */
async function call(...args: string[]): Promise<Called> {
  const startMs = performance.now();
  const child = spawn(process.execPath, [ONCEBOX, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  let peakMib = 0;
  const timer = setInterval(() => {
    peakMib = Math.max(peakMib, memory(child.pid ?? 0).peak_rss_mib);
  }, LOOK_EVERY_MS);
  const [code] = (await once(child, 'close')) as [number | null];
  clearInterval(timer);
  if (code !== 0) throw new Error(`oncebox ${args.join(' ')} ended with ${code}`);
  const seconds = (performance.now() - startMs) / 1_000;
  return { seconds, peakMib, told: JSON.parse(text) as Record<string, unknown> };
}

async function digest(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

function say(what: string, { seconds, peakMib }: Called, rows: number): void {
  process.stdout.write(
    `${what}: ${seconds.toFixed(1)} s, ${Math.round(rows / seconds)} rows a second, ${peakMib} MiB at most\n`,
  );
}
