// The version of this program.
import { readFileSync } from 'node:fs';

/** Returns it as package.json has it. */
export function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
