// A changed copy of the service: to see that a bug is caught, or to make happen what cannot be made to happen from outside.
import assert from 'node:assert/strict';
import { cpSync, copyFileSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Copies the service and puts one piece of `file`, a path in app/, in place of another. Returns the file to run. */
export function mutant(t: Cleaner, file: string, before: string, changed: string): string {
  const directory = temporaryDirectory(t);
  cpSync(join(ROOT, 'app'), join(directory, 'app'), { recursive: true });
  copyFileSync(join(ROOT, 'package.json'), join(directory, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  const main = join(directory, 'app', 'main.ts');
  mutateAlso(main, file, before, changed);
  return main;
}

/** Changes one more piece in the copy that `main` belongs to. */
export function mutateAlso(main: string, file: string, before: string, changed: string): void {
  const path = join(dirname(main), file);
  const source = readFileSync(path, 'utf8');
  assert.equal(source.split(before).length, 2, `${file} must hold once: ${before}`);
  writeFileSync(
    path,
    source.replace(before, () => changed),
  );
}
