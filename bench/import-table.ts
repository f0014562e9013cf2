// A table with the messages of a filled one, made by another tree of the project through its own commands.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Filled, filledTable, tableHome } from './fill.ts';
import { progress } from './report.ts';
import { THIS_TREE, type Tree, commitOf, nodeOf } from './trees.ts';

/**
 * Returns a database with the messages of `filledTable(rows)`, imported by `tree` in the same order, kept for each commit of it. It
 * is to be changed in a copy only. Throws when a command of either tree fails.
 */
export function importedTable(tree: Tree, rows: number, directory = ''): Filled {
  const home = `${tableHome(rows, directory)}-${commitOf(tree)}`;
  const path = join(home, 'app.db');
  if (existsSync(home)) return { path, fillSeconds: null };
  const { path: source } = filledTable(rows, directory);
  progress(`${tree.name} imports ${rows.toLocaleString('en')} messages`);
  const startMs = performance.now();
  const partial = `${home}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const messages = join(partial, 'messages.ndjson');
  oncebox(THIS_TREE, 'export', '--database', source, '--output', messages);
  oncebox(tree, 'import', '--database', join(partial, 'app.db'), messages);
  rmSync(messages);
  renameSync(partial, home);
  return { path, fillSeconds: (performance.now() - startMs) / 1_000 };
}

/** Runs a command of the tree. */
function oncebox(tree: Tree, ...parameters: string[]): void {
  const program = join(tree.path, 'app/cli/oncebox.ts');
  execFileSync(nodeOf(tree), [program, ...parameters], { stdio: ['ignore', 'ignore', 'inherit'] });
}
