// What tests of the settings of sources and destinations have in common: secrets, files with them, and refusals.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { ConfigError } from '../../app/config/config-error.ts';
import { readConfig } from '../../app/config/config.ts';
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

/** Fails unless the settings are refused with this message, and without HIDDEN and STANDARD in it. */
export function assertRefused(env: Environment, message: RegExp): void {
  assert.throws(
    () => readConfig({ WEBHOOK_SECRET: 'core', ...env }),
    (error) => {
      assert.ok(error instanceof ConfigError, String(error));
      assert.match(error.message, message);
      assert.ok(!error.message.includes(HIDDEN), error.message);
      assert.ok(!error.message.includes(STANDARD), error.message);
      return true;
    },
  );
}
