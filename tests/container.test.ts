// The container as it is written down: no rights, nothing to write to but the data, no secret in the image. `scripts/check-container.sh` inspects one that runs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

/** The lines below a key of the service, without their indentation; the key's own value where it has one. */
function below(compose: string, key: string): string[] {
  const lines = compose.split('\n').filter((line) => !line.trim().startsWith('#'));
  const at = lines.findIndex((line) => line.startsWith(`    ${key}:`));
  assert.notEqual(at, -1, `docker-compose.yml has no ${key}`);
  const rest = lines.slice(at + 1);
  const end = rest.findIndex((line) => !line.startsWith('      '));
  const own = (lines[at] ?? '').slice(`    ${key}:`.length).trim();
  return own === '' ? rest.slice(0, end).map((line) => line.trim()) : [own];
}

describe('docker-compose.yml', () => {
  const compose = read('docker-compose.yml');

  it('gives the container nothing to write to but the data and /tmp', () => {
    assert.deepEqual(below(compose, 'read_only'), ['true']);
    assert.deepEqual(below(compose, 'tmpfs'), ['- /tmp']);
    assert.deepEqual(below(compose, 'volumes'), ['- data:/data']);
  });

  it('takes every capability away, and the way to get more', () => {
    assert.deepEqual(below(compose, 'cap_drop'), ['- ALL']);
    assert.deepEqual(below(compose, 'security_opt'), ['- no-new-privileges:true']);
    assert.doesNotMatch(
      compose,
      /privileged|cap_add|devices|network_mode|pid:|ipc:|userns|docker\.sock/,
    );
  });

  it('holds no secret: each comes from the environment of the caller, and has no default', () => {
    const secrets = below(compose, 'environment').filter((line) => /SECRET|TOKEN/.test(line));
    assert.ok(secrets.length >= 4);
    for (const line of secrets) {
      const name = line.slice(0, line.indexOf(':'));
      assert.ok([`${name}:`, `${name}: \${${name}:-}`].includes(line), line);
    }
  });
});

describe('the image', () => {
  const lines = read('Dockerfile')
    .replaceAll('\\\n', '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));

  it('runs as a user without rights, from before anything of it runs', () => {
    const users = last.filter((line) => line.startsWith('USER '));
    assert.deepEqual(users, ['USER node']);
    const user = last.indexOf('USER node');
    const started = last.findIndex((line) => /^(CMD|ENTRYPOINT|HEALTHCHECK)/.test(line));
    assert.ok(user < started);
    assert.ok(last.slice(user).every((line) => !/\b(sudo|su|chown|chmod)\b/.test(line)));
  });

  it('is built without a secret, so that its history has none', () => {
    for (const line of lines) {
      assert.doesNotMatch(line, /SECRET|TOKEN|PASSWORD|\.env|--secret|\.npmrc/i);
      assert.doesNotMatch(line, /^ADD /);
    }
    const given = lines.filter((line) => line.startsWith('ARG '));
    assert.deepEqual(given, ['ARG CREATED', 'ARG REVISION']);
  });

  it('compiles for its own architecture, and does all else on that of the building machine', () => {
    const stages = lines.filter((line) => line.startsWith('FROM '));
    const built = stages.filter((line) => line.startsWith('FROM --platform=${BUILDPLATFORM:-'));
    assert.deepEqual(stages.slice(0, -1), built);
    assert.doesNotMatch(last[0] ?? '', /--platform/);
    // Packages with compiled code of their own would be of the wrong architecture.
    assert.ok(lines.every((line) => !line.includes('npm ci') || line.includes('--ignore-scripts')));
  });

  it('starts with the options of Node that `npm start`, `make run` and `oncebox serve` have', () => {
    const [command = ''] = last.filter((line) => line.startsWith('CMD '));
    const [, ...options] = (JSON.parse(command.slice('CMD '.length)) as string[]).slice(0, -1);
    assert.deepEqual(options, ['--max-semi-space-size=16', '--no-allocation-site-pretenuring']);
    for (const path of ['package.json', 'Makefile'])
      assert.ok(read(path).includes(`exec node ${options.join(' ')} app/main.ts`), path);
    for (const path of ['app/cli/commands/serve.ts', 'scripts/warm.ts'])
      assert.ok(read(path).includes(`'${options.join(' ')}'`), path);
  });

  it('takes files by their names, so that no file beside them gets in', () => {
    const [first] = read('.dockerignore')
      .split('\n')
      .filter((line) => !line.startsWith('#'));
    assert.equal(first, '*');
    assert.ok(lines.every((line) => !/^COPY (\.|\*)/.test(line)));
  });
});
