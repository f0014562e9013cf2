#!/usr/bin/env node
// The command `oncebox`: enables the compile cache, so that the next call starts faster, then reads the command line.
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Where NODE_COMPILE_CACHE is set, as in the image, Node has enabled it already, and this does nothing.
enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/node', import.meta.url)));
const { run } = await import('./program.ts');
process.exitCode = await run(process.argv.slice(2));
