// Makes sure that `node` in npm's scripts is the Node that package.json pins; plain JavaScript, since an older Node runs it.
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
/**
 * The place of a file of the project.
 * @param {string} path
 */
const at = (path) => fileURLToPath(new URL(path, root));

// npm links the one package that fits this machine. But npm 10, which comes with Node 20 and 22, then removes
// the link together with the packages of the other platforms, because theirs would have the same name.
if (!existsSync(at('node_modules/.bin/node'))) {
  const manifest = /** @type {{ optionalDependencies: object }} */ (
    JSON.parse(readFileSync(at('package.json'), 'utf8'))
  );
  const installed = Object.keys(manifest.optionalDependencies).find((name) =>
    existsSync(at(`node_modules/${name}/bin/node`)),
  );
  if (installed) symlinkSync(`../${installed}/bin/node`, at('node_modules/.bin/node'));
  else refuseOlderNode();
}

/** Where no package fits (musl, BSD), the machine's own Node must do. */
function refuseOlderNode() {
  if (Number(process.versions.node.split('.')[0]) >= 26) return;
  process.stderr.write(
    `Oncebox needs Node 26: this is ${process.version}, and npm has installed none for this platform. ` +
      'Run `npm ci` (without --omit=optional), or put Node 26 on the PATH.\n',
  );
  process.exitCode = 1;
}
