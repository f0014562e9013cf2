// Prints what the image holds as a CycloneDX list: `npm run sbom`.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Bom {
  components: { 'bom-ref': string }[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

interface Lock {
  packages: Record<string, { version?: string; dev?: boolean; optional?: boolean }>;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')) as Lock;

// `npm sbom --omit dev` also leaves out what both the app and a tool need, so the lockfile says what ships.
const shipped = new Set(
  Object.entries(packages)
    .filter(([, entry]) => entry.dev !== true && entry.optional !== true)
    .map(([path, entry]) => `${path.split('node_modules/').at(-1)}@${entry.version}`),
);

const bom = JSON.parse(
  execFileSync('npm', ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 16 * 1_048_576,
  }),
) as Bom;
bom.components = bom.components.filter((component) => shipped.has(component['bom-ref']));
const kept = new Set(bom.components.map((component) => component['bom-ref']));
bom.dependencies = bom.dependencies
  .filter(({ ref }) => kept.has(ref) || ref.startsWith('oncebox@'))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => kept.has(other)) }));
process.stdout.write(`${JSON.stringify(bom, null, 2)}\n`);
