// Builds the dashboard where it is missing and can be built: an image has it, and an install without dev packages goes without.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (/** @type {string} */ path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const vite = at('node_modules/vite/bin/vite.js');

if (!existsSync(at('web/dist/index.html')) && existsSync(vite)) {
  const built = spawnSync(
    at('node_modules/.bin/node'),
    [vite, 'build', '--config', at('web/vite.config.ts'), '--logLevel', 'warn'],
    { stdio: 'inherit' },
  );
  process.exitCode = built.status ?? 1;
}
