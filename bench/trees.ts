// Checkouts of the project that are measured: this one, and another one beside it.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Tree {
  /** How tables call it. */
  readonly name: string;
  readonly path: string;
}

export const THIS_TREE: Tree = {
  name: 'Oncebox',
  path: fileURLToPath(new URL('../', import.meta.url)),
};

/** Returns the checkout at `path`, which has its own `node_modules`. Throws where there is none. */
export function treeAt(path: string): Tree {
  const root = resolve(path);
  for (const part of ['app/main.ts', 'node_modules'])
    if (!existsSync(join(root, part))) throw new Error(`${root} has no ${part}`);
  return { name: basename(root), path: root };
}

/** Returns the Node of the tree's own packages. */
export function nodeOf({ path }: Tree): string {
  const own = join(path, 'node_modules/.bin/node');
  return existsSync(own) ? own : process.execPath;
}

/** Returns where `npm start` of the tree keeps compiled code. */
export function compileCacheOf({ path }: Tree): string {
  return join(path, 'node_modules/.cache/node');
}

/** Returns the commit that the tree has checked out, shortened. Throws where git knows none. */
export function commitOf({ path }: Tree): string {
  return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: path,
    encoding: 'utf8',
  }).trim();
}
