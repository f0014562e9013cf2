// Writes dist/, which is app/ as JavaScript, for the npm package: Node strips no types below node_modules. `npm pack` runs it.
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('../app/', import.meta.url));
/** As deep as app/, so that relative paths out of it lead to the same places. */
const TARGET = fileURLToPath(new URL('../dist/', import.meta.url));

rmSync(TARGET, { recursive: true, force: true });
for (const path of globSync('**/*.ts', { cwd: SOURCE })) {
  const target = join(TARGET, asJavaScript(path));
  mkdirSync(dirname(target), { recursive: true });
  const stripped = stripTypeScriptTypes(readFileSync(join(SOURCE, path), 'utf8'));
  // Imports and the entries of threads name files relative to their own, as strings that begin with a dot.
  const code = stripped.replaceAll(
    /(['"])(\.{1,2}\/[^'"\n]+\.ts)\1/g,
    (_, quote: string, file: string) => `${quote}${asJavaScript(file)}${quote}`,
  );
  writeFileSync(target, code);
}

function asJavaScript(path: string): string {
  return path.replace(/\.ts$/, '.js');
}
