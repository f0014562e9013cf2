// Variables that look like settings and are none: refused where their prefix is ours, warned about where they are nearly one.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { oncebox } from './cli/oncebox.ts';
import { message } from './support/message.ts';
import { refusal } from './support/refusal.ts';
import { startService } from './support/service.ts';

const VALUE = 'a value that may be a secret';

describe('a setting of a destination that is not configured', () => {
  it('is refused, without its value', async (t) => {
    const reason = await refusal(t, 'FORWARD_CRM_URL', { env: { FORWARD_CRM_URL: VALUE } });
    assert.match(reason, /is not a setting: no names are configured/);
    assert.ok(!reason.includes(VALUE));
  });

  it('is refused by oncebox config too', async (t) => {
    for (const args of [['config'], ['config', '--check']]) {
      const env = { FORWARD_CRM_SECRET: VALUE };
      const { code, stderr, stdout } = await oncebox(t, args, { env });
      assert.equal(code, 78);
      assert.match(stderr, /^oncebox: FORWARD_CRM_SECRET is not a setting[^\n]+\n$/);
      assert.ok(!(stdout + stderr).includes(VALUE));
    }
  });
});

it('variables that are empty, or that other programs set, do not stop the start', async (t) => {
  const env = {
    SOURCES: '',
    FORWARD_CRM_URL: '',
    SOURCE_DATE_EPOCH: '1735689600',
    SOURCEGRAPH_URL: 'http://127.0.0.1/',
    FORWARDED_ALLOW_IPS: '*',
    HOSTS: 'a b',
    PORTS: '80 443',
  };
  const service = await startService(t, { env });
  await service.store(message());
  assert.deepEqual(
    service.output.lines().filter((line) => line.event === 'setting_unknown'),
    [],
  );
});

describe('a variable that nearly has the name of a setting', () => {
  const MISSPELT = {
    WEBHOOK_SECRETS: 'WEBHOOK_SECRET',
    RETENTION_DAY: 'RETENTION_DAYS',
    API_TOKEN_FIEL: 'API_TOKEN_FILE',
  };
  const env = Object.fromEntries(Object.keys(MISSPELT).map((name) => [name, VALUE]));

  it('is warned about in the log, without its value, and the service starts', async (t) => {
    const service = await startService(t, { env });
    await service.stop();
    const warnings = service.output.lines().filter((line) => line.event === 'setting_unknown');
    assert.deepEqual(
      Object.fromEntries(warnings.map(({ variable, meant }) => [variable, meant])),
      MISSPELT,
    );
    assert.ok(!service.output.stdout.includes(VALUE));
  });

  it('is warned about by oncebox config, which finds the settings usable', async (t) => {
    const { code, stdout, stderr } = await oncebox(t, ['config'], { env });
    assert.equal(code, 0);
    for (const [name, meant] of Object.entries(MISSPELT))
      assert.match(stderr, new RegExp(`^oncebox: ${name} is set, .*did you mean ${meant}`, 'm'));
    assert.ok(!(stdout + stderr).includes(VALUE));
  });
});
