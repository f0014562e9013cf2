// deploy/grafana/oncebox.json: a board whose every query finds data in what a real service and a real Prometheus say.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { destinations, startApplication } from '../support/application.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { programFor } from '../support/debian.ts';
import type { Program } from '../support/debian.ts';
import { message } from '../support/message.ts';
import { postgresDatabase } from '../support/postgres.ts';
import { startService } from '../support/service.ts';
import { Recording } from './recording.ts';

interface Target {
  refId: string;
  expr: string;
  datasource: { uid: string };
}

interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource?: { type: string; uid: string };
  targets?: Target[];
}

const board = JSON.parse(
  readFileSync(new URL('../../deploy/grafana/oncebox.json', import.meta.url), 'utf8'),
) as {
  uid: string;
  templating: { list: { name: string; type: string; query: unknown }[] };
  annotations: { list: { expr: string }[] };
  panels: Panel[];
};
const charts = board.panels.filter((panel) => panel.type !== 'row');
const targets = charts.flatMap(({ title, targets: own = [] }) =>
  own.map((target) => ({ title, ...target })),
);

describe('the board', () => {
  it('has panels with ids of their own that do not lie on each other', () => {
    assert.ok(charts.length > 15);
    assert.equal(new Set(board.panels.map(({ id }) => id)).size, board.panels.length);
    const cells = board.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    assert.equal(new Set(cells).size, cells.length);
    assert.ok(board.panels.every(({ gridPos: { x, w } }) => x + w <= 24));
  });

  it('asks the Prometheus that is chosen, and for nothing that it cannot choose', () => {
    const names = board.templating.list.map(({ name }) => name);
    assert.deepEqual(names, ['datasource', 'job', 'instance']);
    assert.equal(board.templating.list[0]?.type, 'datasource');
    for (const { datasource } of [...charts, ...targets])
      assert.equal(datasource?.uid, '${datasource}');
    const known = new Set([...names, '__rate_interval']);
    for (const { expr } of targets)
      for (const [, variable = ''] of expr.matchAll(/\$\{?(\w+)/g))
        assert.ok(known.has(variable), `${variable} in ${expr}`);
  });

  it('shows an operator what matters', () => {
    const asked = targets.map(({ expr }) => expr).join('\n');
    const wanted = `
      webhook_requests_total request_latency_ms_bucket oncebox_writer_queue_messages
      oncebox_commit_duration_seconds_bucket oncebox_batch_messages_sum oncebox_wal_bytes
      oncebox_database_bytes oncebox_index_bytes oncebox_disk_free_bytes oncebox_search_backlog_messages
      oncebox_list_backlog_messages oncebox_reader_queue_questions oncebox_streams
      process_resident_memory_bytes nodejs_eventloop_lag_p99_seconds oncebox_ready
      oncebox_log_lines_dropped oncebox_unavailable_total oncebox_database_connections
      oncebox_source_requests_total oncebox_source_items_total
      oncebox_forward_behind oncebox_forward_dead oncebox_forward_oldest_age_seconds
      oncebox_forward_attempts_total oncebox_forward_attempt_duration_seconds_bucket
    `;
    for (const name of wanted.trim().split(/\s+/)) assert.ok(asked.includes(name), name);
  });

  for (const engine of ['SQLite', 'PostgreSQL'] as const)
    it(`finds data for every query in the scrapes of a real service over ${engine}`, async (t) => {
      const promtool = programFor(t, 'promtool');
      if (promtool === undefined) return;
      const url = engine === 'SQLite' ? 'sqlite:///app.db' : await postgresDatabase(t);
      const { port } = await startApplication(t);
      const forwards = destinations({ app: `http://127.0.0.1:${port}/` });
      const service = await startService(t, { env: { DATABASE_URL: url, ...forwards } });
      const recording = new Recording(true, /^never$/);
      for (let round = 0; round < 12; round += 1) {
        await service.store(message());
        await service.get('/messages?q=hello');
        await recording.scrape(service);
        await recording.scrape(service);
      }
      evaluate(t, promtool, {
        ...recording.input(),
        // An answer is there, whatever its value: only what is absent gives nothing to group.
        promql_expr_test: targets.map(({ expr }) => ({
          expr: `group(${chosen(expr)})`,
          eval_time: `${recording.seconds}s`,
          exp_samples: OF_THE_OTHER[engine].test(expr) ? [] : [{ labels: '{}', value: 1 }],
        })),
      });
    });

  it('counts messages once for all replicas over a database, and of each database with SQLite', (t) => {
    const promtool = programFor(t, 'promtool');
    if (promtool === undefined) return;
    const { expr = '' } = targets.find(({ title }) => title === 'Messages') ?? {};
    const series = (name: string, job: string, value: number): object[] =>
      ['a', 'b'].map((instance) => ({
        series: `${name}{job="${job}", instance="${instance}"}`,
        values: String(value),
      }));
    const total = (job: string, value: number): object => ({
      expr: chosen(expr, job),
      eval_time: '0s',
      exp_samples: [{ labels: '{}', value }],
    });
    evaluate(t, promtool, {
      interval: '15s',
      input_series: [
        ...series('oncebox_messages', 'replicas', 7),
        ...series('oncebox_database_connections', 'replicas', 5),
        ...series('oncebox_messages', 'files', 7),
      ],
      promql_expr_test: [total('replicas', 7), total('files', 14)],
    });
  });
});

/** What an engine does not have. */
const OF_THE_OTHER = {
  SQLite: /^oncebox_database_connections/,
  PostgreSQL: /oncebox_(?:wal|index|disk_free)_bytes/,
};

/** A query as Grafana sends it, with all instances. */
function chosen(expr: string, job = 'oncebox'): string {
  return expr
    .replaceAll('$__rate_interval', '1m')
    .replaceAll('$job', job)
    .replaceAll('$instance', '.+');
}

/** Has promtool run one test of its own format. */
function evaluate(t: TestContext, promtool: Program, test: object): void {
  const directory = temporaryDirectory(t);
  const file = { rule_files: [], evaluation_interval: '15s', tests: [test] };
  writeFileSync(join(directory, 'test.yml'), JSON.stringify(file));
  const { status, stdout, stderr } = spawnSync(promtool.path, ['test', 'rules', 'test.yml'], {
    cwd: directory,
    env: { ...process.env, ...promtool.env },
    encoding: 'utf8',
  });
  assert.equal(status, 0, stdout + stderr);
}
