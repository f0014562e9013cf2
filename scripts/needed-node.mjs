// Which Node the project runs on; plain JavaScript, since an older one reads it too.
import { readFileSync } from 'node:fs';

const { engines } = /** @type {{ engines: { node: string } }} */ (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
);

/** The oldest major version, as `engines` of package.json says it: `>=26`. */
export const NEEDED_MAJOR = Number.parseInt(engines.node.slice('>='.length), 10);

/** Whether this process has it, or a newer one. */
export const IS_RECENT_ENOUGH = Number.parseInt(process.versions.node, 10) >= NEEDED_MAJOR;
