// deploy/prometheus: the rules are valid, each alert is set off by a real fault and by nothing else, and Prometheus takes the files.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { eventually } from '../support/bounded.ts';
import { endAfter, temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { programFor } from '../support/debian.ts';
import type { Program } from '../support/debian.ts';
import { freePort, send } from '../support/request.ts';
import { startService } from '../support/service.ts';
import { DISK_SCENES } from './disk-scenes.ts';
import { FORWARD_SCENES } from './forward-scenes.ts';
import { POSTGRES_SCENES } from './postgres-scenes.ts';
import { Recording } from './recording.ts';
import { SCENES } from './scenes.ts';
import { SOURCE_SCENES } from './source-scenes.ts';
import { perform, Unplayable } from './stage.ts';

const FOLDER = fileURLToPath(new URL('../../deploy/prometheus/', import.meta.url));
const ALL = [...SCENES, ...SOURCE_SCENES, ...FORWARD_SCENES, ...DISK_SCENES, ...POSTGRES_SCENES];
const DAY_SECONDS = 24 * 3_600;
/** Told by a disk that everything else on this machine writes to as well: held by the scenes that have one of their own. */
const OF_THE_DISK = ['OnceboxDiskFills', 'OnceboxDiskLow'];

interface Rule {
  alert: string;
  annotations: Record<string, string>;
}

const rules = (
  parse(readFileSync(join(FOLDER, 'alerts.yml'), 'utf8')) as { groups: { rules: Rule[] }[] }
).groups.flatMap((group) => group.rules);

/** A copy of the folder with a token, as an installation has it. */
function installed(t: Cleaner): string {
  const directory = temporaryDirectory(t);
  for (const name of ['prometheus.yml', 'alerts.yml'])
    copyFileSync(join(FOLDER, name), join(directory, name));
  writeFileSync(join(directory, 'metrics_token'), 'token-of-this-test\n');
  return directory;
}

/** Runs it, while the tests beside it go on. Resolves to what it wrote; rejects with that where it fails. */
async function run(program: Program, directory: string, args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(program.path, args, {
    cwd: directory,
    // Go collects its garbage less often: a third of the time of a run.
    env: { ...process.env, ...program.env, GOGC: '400' },
  });
  return stdout + stderr;
}

describe('the files of deploy/prometheus', () => {
  for (const [kind, file] of [
    ['config', 'prometheus.yml'],
    ['rules', 'alerts.yml'],
  ] as const) {
    it(`${file} passes promtool check ${kind}`, async (t) => {
      const promtool = programFor(t, 'promtool');
      if (promtool === undefined) return;
      assert.match(await run(promtool, installed(t), ['check', kind, file]), /SUCCESS/);
    });
  }

  it('every alert is set off by a scene below', () => {
    const played = new Set(ALL.flatMap((scene) => scene.fires));
    assert.deepEqual(
      rules.map((rule) => rule.alert).filter((alert) => !played.has(alert)),
      [],
    );
  });

  it('every alert names its section in docs/operations.md, which is there', () => {
    const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const sections = new Set([...page.matchAll(/^### (\w+)$/gm)].map(([, title = '']) => title));
    for (const { alert, annotations } of rules) {
      assert.equal(annotations['runbook'], `docs/operations.md#${alert.toLowerCase()}`);
      assert.ok(sections.has(alert), `docs/operations.md has no section ${alert}`);
    }
  });
});

/** The alerts that fire at `seconds`; those that fired in the two hours before it with `ever`. */
function firing(seconds: number, names: readonly string[], ever: boolean): object {
  const firingNow = `ALERTS{alertstate="firing"}`;
  return {
    expr: `group by (alertname) (${ever ? `count_over_time(${firingNow}[2h])` : firingNow})`,
    eval_time: `${seconds}s`,
    exp_samples: names.map((name) => ({ labels: `{alertname="${name}"}`, value: 1 })),
  };
}

/** The reasons that alerts about answers of 503 have named in the two hours before `seconds`. */
function named(seconds: number, reason: string | undefined): object {
  const of503 = `ALERTS{alertname=~"OnceboxRefusesWebhooks|OnceboxReadsFail", alertstate="firing"}`;
  return {
    expr: `group by (reason) (count_over_time(${of503}[2h]))`,
    eval_time: `${seconds}s`,
    exp_samples: reason === undefined ? [] : [{ labels: `{reason="${reason}"}`, value: 1 }],
  };
}

describe('a fault', { concurrency: 2 }, () => {
  for (const scene of ALL) {
    it(`${scene.fault}: ${scene.fires.join(', ') || 'no alert'}`, async (t) => {
      const promtool = programFor(t, 'promtool');
      if (promtool === undefined) return;
      const recording = new Recording(
        scene.fires.some((name) => OF_THE_DISK.includes(name)),
        scene.leftOut,
      );
      let from: number;
      try {
        from = await perform(t, recording, scene);
      } catch (error) {
        if (!(error instanceof Unplayable)) throw error;
        t.skip(error.message);
        return;
      }
      const directory = installed(t);
      const test = {
        rule_files: ['alerts.yml'],
        // As in prometheus.yml; over a day, which only a rule about hours needs, more rarely.
        evaluation_interval: recording.seconds < DAY_SECONDS ? '15s' : '1m',
        tests: [
          {
            ...recording.input(),
            promql_expr_test: [
              firing(from, [], true),
              firing(recording.seconds, scene.fires, true),
              named(recording.seconds, scene.reason),
              firing(recording.seconds, [], false),
            ],
          },
        ],
      };
      // JSON is YAML too.
      writeFileSync(join(directory, 'test.yml'), JSON.stringify(test));
      await run(promtool, directory, ['test', 'rules', 'test.yml']);
    });
  }
});

describe('Prometheus', () => {
  it('takes the files as they are, scrapes with the token, and evaluates every rule', async (t) => {
    const prometheus = programFor(t, 'prometheus');
    if (prometheus === undefined) return;
    const directory = installed(t);
    const service = await startService(t, {
      env: { METRICS_TOKEN_FILE: join(directory, 'metrics_token') },
    });
    assert.equal((await service.get('/metrics')).status, 401);
    // Only what belongs to the machine changes: the address, and how long a test may wait.
    const config = readFileSync(join(FOLDER, 'prometheus.yml'), 'utf8')
      .replace('api:8000', `127.0.0.1:${service.port}`)
      .replaceAll(/_interval: 15s/g, '_interval: 1s')
      .replace('scrape_timeout: 10s', 'scrape_timeout: 1s');
    writeFileSync(join(directory, 'prometheus.yml'), config);
    const port = await freePort();
    const child = spawn(
      prometheus.path,
      [
        `--web.listen-address=127.0.0.1:${port}`,
        `--config.file=${join(directory, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
      ],
      { env: { ...process.env, ...prometheus.env }, stdio: 'ignore' },
    );
    endAfter(t, child);
    const up = await eventually('a scrape', async () => {
      const answer = await send(port, { path: '/api/v1/query?query=up' }).catch(() => undefined);
      if (answer?.status !== 200) return undefined;
      const { data } = answer.json() as { data: { result: { value: [number, string] }[] } };
      return data.result[0]?.value[1];
    });
    assert.equal(up, '1');
    const health = await eventually('every rule to be evaluated', async () => {
      const answer = await send(port, { path: '/api/v1/rules' });
      const { data } = answer.json() as {
        data: { groups: { rules: { name: string; health: string }[] }[] };
      };
      const found = data.groups.flatMap((group) => group.rules);
      return found.some((rule) => rule.health === 'unknown') ? undefined : found;
    });
    assert.deepEqual(
      health.map((rule) => `${rule.name} ${rule.health}`),
      rules.map((rule) => `${rule.alert} ok`),
    );
  });
});
