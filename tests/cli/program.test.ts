// The command line itself: help, versions, exit codes, settings, signatures.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryDirectory } from '../support/cleanup.ts';
import { SECRET, sign } from '../support/message.ts';
import { oncebox, start } from './oncebox.ts';

const manifest = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string; bin: Record<string, string> };

describe('oncebox', () => {
  it('tells its version, which is that of the package, and where it is', async (t) => {
    const { code, stdout } = await oncebox(t, ['--version']);
    assert.deepEqual([code, stdout], [0, `${manifest.version}\n`]);
    const file = new URL(`../../${manifest.bin['oncebox']}`, import.meta.url);
    assert.match(readFileSync(file, 'utf8'), /^#!\/usr\/bin\/env node\n/);
  });

  it('lists its commands, each with help, an example and, where there is a result, --json', async (t) => {
    const { code, stdout } = await oncebox(t, ['--help']);
    assert.equal(code, 0);
    const commands = [...stdout.matchAll(/^ {2}([a-z]+) /gm)]
      .map(([, name = '']) => name)
      .filter((name) => name !== 'help');
    for (const name of ['serve', 'config', 'sign', 'send', 'backup', 'restore', 'check', 'stats'])
      assert.ok(commands.includes(name), `${name} in ${stdout}`);
    const helps = await Promise.all(
      commands.map(async (name) => ({ name, help: await oncebox(t, [name, '--help']) })),
    );
    for (const { name, help } of helps) {
      assert.equal(help.code, 0, name);
      assert.equal(help.stderr, '', name);
      assert.match(help.stdout, new RegExp(`Examples:\n {2}oncebox ${name}`), name);
      if (name !== 'serve') assert.match(help.stdout, /--json/, name);
    }
  });

  const WRONG: readonly (readonly string[])[] = [
    [],
    ['nope'],
    ['stats', '--nope'],
    ['stats', 'too', 'many'],
    ['backup'],
    ['backup', '--keep', '0', 'x'],
    ['backup', '--keep', 'x', 'x'],
    ['backup', '--check', 'half', 'x'],
    ['send', '--concurrency', '1e3'],
  ];
  for (const args of WRONG) {
    it(`is used wrongly with ${JSON.stringify(args)}: exit code 2, and nothing on stdout`, async (t) => {
      const { code, stdout, stderr } = await oncebox(t, args);
      assert.deepEqual([code, stdout], [2, '']);
      assert.notEqual(stderr, '');
      assert.doesNotMatch(stderr, / {4}at /);
    });
  }

  it('says in one line that there is no database, and makes none', async (t) => {
    const directory = temporaryDirectory(t);
    const env = { DATABASE_URL: `sqlite:///${directory}/app.db` };
    for (const args of [['stats'], ['check'], ['backup', join(directory, 'copy.db')]]) {
      const { code, stdout, stderr } = await oncebox(t, args, { env });
      assert.deepEqual([code, stdout], [1, ''], args.join(' '));
      assert.match(stderr, /^oncebox: [^\n]+\n$/);
    }
  });

  it('does not take a closed pipe for a failure', async (t) => {
    const { child, ended } = start(t, ['config', '--json']);
    child.stdout?.destroy();
    const { code, stderr } = await ended;
    assert.deepEqual([code, stderr], [0, '']);
  });
});

describe('oncebox config', () => {
  it('shows every setting, with the secrets masked', async (t) => {
    const env = { API_TOKEN: 'a-token-of-tests', PORT: '81' };
    const { code, stdout, stderr } = await oncebox(t, ['config'], { env });
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^PORT +81 +environment$/m);
    assert.match(stdout, /^HOST +0\.0\.0\.0 +default$/m);
    assert.match(stdout, /^API_TOKEN +\*{8} +environment$/m);
    assert.match(stdout, /^METRICS_TOKEN +- +unset$/m);
    for (const secret of [SECRET, 'a-token-of-tests']) assert.ok(!stdout.includes(secret));
  });

  it('ends with 78 and the reason where a setting cannot be used, with --check too', async (t) => {
    for (const args of [['config'], ['config', '--check'], ['config', '--json']]) {
      const { code, stdout, stderr } = await oncebox(t, args, { env: { PORT: 'x' } });
      assert.equal(code, 78);
      assert.match(stderr, /^oncebox: PORT must be a whole number/);
      assert.ok(!stdout.includes(SECRET));
    }
  });

  it('says with --check that all is well', async (t) => {
    const result = await oncebox(t, ['config', '--check', '--json']);
    assert.equal(result.code, 0);
    assert.equal(result.json()['usable'], true);
  });
});

describe('oncebox sign', () => {
  const body = Buffer.from([0, 0xff, 0x0d, 0x0a, 0xf0, 0x9f]);

  it('signs the bytes of a file and of standard input as they are', async (t) => {
    const file = join(temporaryDirectory(t), 'body');
    writeFileSync(file, body);
    for (const [args, stdin] of [
      [['sign', file], ''],
      [['sign'], body],
      [['sign', '-'], body],
    ] as const) {
      const { code, stdout, stderr } = await oncebox(t, args, { stdin });
      assert.deepEqual([code, stdout, stderr], [0, `${sign(body)}\n`, '']);
    }
    const result = await oncebox(t, ['sign', '--json'], { stdin: body });
    assert.deepEqual(result.json(), { header: 'X-Signature', signature: sign(body), bytes: 6 });
  });

  it('needs the secret', async (t) => {
    const result = await oncebox(t, ['sign'], { env: { WEBHOOK_SECRET: '' }, stdin: body });
    assert.deepEqual([result.code, result.stdout], [78, '']);
    assert.match(result.stderr, /WEBHOOK_SECRET is not set/);
  });
});
