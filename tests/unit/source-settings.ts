// What tests of the settings of named sources have in common: secrets, and files with them.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { temporaryDirectory } from '../support/cleanup.ts';

export type Environment = Readonly<Record<string, string>>;

/** A secret that every scheme but Standard Webhooks takes, and that no message may repeat. */
export const HIDDEN = 'hidden-0123456789abcdef';
export const STANDARD = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
export const FILES = temporaryDirectory({ after });

/** Writes a file and returns its path. */
export function fileWith(name: string, content: string | Buffer): string {
  const path = join(FILES, name);
  writeFileSync(path, content);
  return path;
}
