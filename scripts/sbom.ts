// Prints what the image and the npm package hold as a CycloneDX list: `npm run sbom`.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Bom {
  metadata: { component: { 'bom-ref': string } };
  components: { 'bom-ref': string }[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

interface Lock {
  packages: Record<string, { version?: string; dev?: boolean; optional?: boolean }>;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const app = shippedIn('.');
// Its packages are inside the files of the dashboard.
const web = shippedIn('web');
const own = app.metadata.component['bom-ref'];
const components = Map.groupBy(
  [...app.components, ...web.components],
  (component) => component['bom-ref'],
);
const bom = {
  ...app,
  components: [...components.values()].map(([component]) => component),
  dependencies: [...components.keys(), own].map((ref) => ({
    ref,
    dependsOn: [...app.dependencies, ...web.dependencies]
      .filter((entry) => entry.ref === ref || (ref === own && isRoot(web, entry.ref)))
      .flatMap(({ dependsOn }) => dependsOn)
      .filter((other) => components.has(other)),
  })),
};
process.stdout.write(`${JSON.stringify(bom, null, 2)}\n`);

function isRoot({ metadata }: Bom, ref: string): boolean {
  return metadata.component['bom-ref'] === ref;
}

/** Returns npm's list for a folder, with those components only that ship. */
function shippedIn(folder: string): Bom {
  const cwd = `${root}${folder}`;
  const { packages } = JSON.parse(readFileSync(`${cwd}/package-lock.json`, 'utf8')) as Lock;
  // `npm sbom --omit dev` also leaves out what both the app and a tool need, so the lockfile says what ships.
  const shipped = new Set(
    Object.entries(packages)
      .filter(([, entry]) => entry.dev !== true && entry.optional !== true)
      .map(([path, entry]) => `${path.split('node_modules/').at(-1)}@${entry.version}`),
  );
  const listed = JSON.parse(
    execFileSync('npm', ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx'], {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 16 * 1_048_576,
    }),
  ) as Bom;
  return {
    ...listed,
    components: listed.components.filter((component) => shipped.has(component['bom-ref'])),
  };
}
