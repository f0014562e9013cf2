// Installs what is missing for `run`, `build` or `all` (tests and checks); plain JavaScript, since an older Node runs it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IS_RECENT_ENOUGH, NEEDED_MAJOR } from './needed-node.mjs';

/**
 * @typedef {{ version?: string, dev?: boolean, optional?: boolean }} Locked
 * @typedef {{ packages: Record<string, Locked> }} Lock
 */

const root = fileURLToPath(new URL('../', import.meta.url));
/** @param {string} path */
const read = (path) => readFileSync(`${root}${path}`, 'utf8');

const what = process.argv[2] ?? '';
if (!['run', 'build', 'all'].includes(what)) throw new Error(`not run, build or all: ${what}`);
const withTools = what === 'all';
const node = needsNode();
const done = await Promise.all([
  install('.', withTools),
  what === 'run' || install('web', true),
  !withTools || install('tests', true),
  !node || install('node', false),
]);
if (done.includes(false)) process.exitCode = 1;
else if (node) linkNode();

/**
 * Installs the packages of a folder exactly as its lockfile has them, if they are not there already. No package may run a script.
 * @param {string} folder
 * @param {boolean} withDev whether its devDependencies too
 * @returns {Promise<boolean>} whether they are there now; npm has said what is wrong where they are not
 */
async function install(folder, withDev) {
  if (isInstalled(folder, withDev)) return true;
  const dev = withDev ? '--include=dev' : '--omit=dev';
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  const npm = spawn(
    'npm',
    ['ci', '--prefix', folder, dev, '--include=optional', '--ignore-scripts', ...quiet],
    // On stdout is the log of the service, and nothing else.
    { cwd: root, stdio: ['ignore', 2, 2] },
  );
  const [code] = /** @type {[number | null]} */ (await once(npm, 'exit'));
  return code === 0;
}

/**
 * Whether the list that npm writes when it has installed everything has what the lockfile asks for.
 * @param {string} folder
 * @param {boolean} withDev
 * @returns {boolean}
 */
function isInstalled(folder, withDev) {
  try {
    const installed = lockAt(`${folder}/node_modules/.package-lock.json`);
    return Object.entries(lockAt(`${folder}/package-lock.json`)).every(([path, locked]) => {
      // Most optional packages are for another platform.
      const isLeftOut = (locked.dev && !withDev) || (locked.optional && !installed[path]);
      return path === '' || isLeftOut || installed[path]?.version === locked.version;
    });
  } catch {
    // There is none, or npm was killed while it wrote it.
    return false;
  }
}

/**
 * The packages of a lockfile, by their paths.
 * @param {string} path
 */
function lockAt(path) {
  return /** @type {Lock} */ (JSON.parse(read(path))).packages;
}

/**
 * Whether the Node of the folder node/ is used: for tests and checks, the very version; else only where the machine's is too old.
 * @returns {boolean}
 */
function needsNode() {
  if (existsSync(`${root}node/node_modules`) || !IS_RECENT_ENOUGH) return true;
  return withTools && !pinned().includes(process.versions.node);
}

/**
 * The version of Node that node/package.json pins, once for each platform.
 * @returns {string[]}
 */
function pinned() {
  const manifest = /** @type {{ optionalDependencies: Record<string, string> }} */ (
    JSON.parse(read('node/package.json'))
  );
  return Object.values(manifest.optionalDependencies);
}

/** Puts the pinned Node where npm's scripts and npx find it. Where no package fits (BSD), the machine's own must do. */
function linkNode() {
  const packages = `${root}node/node_modules`;
  const fitting = existsSync(packages)
    ? readdirSync(packages).find((name) => existsSync(`${packages}/${name}/bin/node`))
    : undefined;
  const link = `${root}node_modules/.bin/node`;
  if (fitting !== undefined) {
    mkdirSync(dirname(link), { recursive: true });
    // Replaced in one step: another process may be about to start `node`.
    const made = `${link}.${process.pid}`;
    symlinkSync(`../../node/node_modules/${fitting}/bin/node`, made);
    renameSync(made, link);
  } else if (!IS_RECENT_ENOUGH) {
    process.stderr.write(
      `Oncebox needs Node ${NEEDED_MAJOR} or newer: this is ${process.version}, and npm has none for this platform.\n`,
    );
    process.exitCode = 1;
  }
}
