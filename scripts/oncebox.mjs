#!/usr/bin/env node
// What `npx oncebox` runs, plain JavaScript: an older Node says what is missing, in one line.
import { existsSync } from 'node:fs';
import { IS_RECENT_ENOUGH, NEEDED_MAJOR } from './needed-node.mjs';

if (!IS_RECENT_ENOUGH) {
  process.stderr.write(
    `oncebox: Node ${NEEDED_MAJOR} or newer is needed, and this is ${process.version}\n`,
  );
  process.exitCode = 1;
} else if (existsSync(new URL('../app/cli/oncebox.ts', import.meta.url))) {
  await import('../app/cli/oncebox.ts');
} else {
  // In the npm package, scripts/compile.ts has made JavaScript of app/.
  await import(new URL('../dist/cli/oncebox.js', import.meta.url).href);
}
