// One measurement of ingest: a fresh process and a fresh file, a warm-up, the load, and a check that nothing was lost.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CUT_OFF_PER_CONNECTION, type Load, type LoadFigures, runLoad } from './load.ts';
import { memory, threadShares, threadTimes } from './process-figures.ts';
import { type LogSink, type Server, scrape, startCeiling, startService } from './server.ts';

const WARM_UP_SECONDS = 2;

/** What is the same in every measurement of a run. */
export interface Setting {
  readonly directory: string;
  readonly warmUpFile: string;
  readonly file: string;
  readonly use: Load['use'];
  readonly seconds: number;
}

export interface IngestFigures extends LoadFigures {
  readonly requests_per_second: number;
  readonly threads: readonly { name: string; cpu_percent: number }[];
  readonly rss_mib: number;
  readonly peak_rss_mib: number;
}

export interface ServiceFigures extends IngestFigures {
  readonly rows_a_commit: number;
  readonly commit_ms_mean: number;
  readonly stored: number;
  /** Messages that the search index did not hold yet when the load began and ended; null without such a metric. */
  readonly search_backlog: readonly [number | null, number | null];
  readonly wal_bytes: number;
}

/** Measures the bare server. */
export async function measureCeiling(
  setting: Setting,
  connections: number,
): Promise<IngestFigures> {
  const server = await startCeiling();
  try {
    await warmUp(server, setting, connections);
    return await underLoad(server, setting, connections);
  } finally {
    await server.stop();
  }
}

/** Measures the service. Rejects when an answer was not 200, or when an acknowledged message is missing. */
export async function measureService(
  setting: Setting,
  connections: number,
  log: LogSink,
): Promise<ServiceFigures> {
  const home = mkdtempSync(join(setting.directory, 'service-'));
  const server = await startService(join(home, 'app.db'), log);
  try {
    const warm = await warmUp(server, setting, connections);
    const before = await scrape(server.url);
    const figures = await underLoad(server, setting, connections);
    const after = await scrape(server.url);
    const grown = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
    const commits = grown('oncebox_batch_messages_count');
    const acknowledged = warm.requests + figures.requests;
    return {
      ...figures,
      rows_a_commit: grown('oncebox_batch_messages_sum') / commits,
      commit_ms_mean: (grown('oncebox_commit_duration_seconds_sum') / commits) * 1_000,
      stored: await verified(server.url, acknowledged, 2 * connections * CUT_OFF_PER_CONNECTION),
      search_backlog: [backlog(before), backlog(after)],
      wal_bytes: after.get('oncebox_wal_bytes') ?? Number.NaN,
    };
  } finally {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

/** Stores the file's messages from one thread in batches, without HTTP. Gives rows a second. */
export async function measureFloor(
  setting: Setting,
  engine: 'service writer' | 'bare',
  batch: number,
): Promise<number> {
  const home = mkdtempSync(join(setting.directory, 'floor-'));
  try {
    const program = fileURLToPath(new URL('floor.ts', import.meta.url));
    const parameters = [
      program,
      engine,
      setting.file,
      home,
      String(batch),
      String(setting.seconds),
    ];
    const { stdout } = await promisify(execFile)(process.execPath, parameters);
    const { rows, seconds } = JSON.parse(stdout) as { rows: number; seconds: number };
    return rows / seconds;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Runs the code hot on messages of their own, so that compilation is not measured. */
async function warmUp(server: Server, setting: Setting, connections: number): Promise<LoadFigures> {
  const load = { url: `${server.url}/webhook`, file: setting.warmUpFile, use: setting.use };
  return onlyAccepted(await runLoad({ ...load, connections, seconds: WARM_UP_SECONDS }));
}

/** Loads a server that is warm, and looks at what its process costs meanwhile. */
export async function underLoad(
  server: Server,
  { file, use, seconds }: Pick<Setting, 'file' | 'use' | 'seconds'>,
  connections: number,
): Promise<IngestFigures> {
  const before = threadTimes(server.pid);
  const figures = await runLoad({ url: `${server.url}/webhook`, file, use, connections, seconds });
  const after = threadTimes(server.pid);
  return {
    ...onlyAccepted(figures),
    requests_per_second: figures.requests / figures.seconds,
    threads: threadShares(before, after, figures.seconds),
    ...memory(server.pid),
  };
}

function onlyAccepted(figures: LoadFigures): LoadFigures {
  const { refused, unconnected, broken, late } = figures;
  if (refused + unconnected + broken + late === 0) return figures;
  throw new Error(
    `${refused} requests refused, ${late} without an answer; connections: ${unconnected} not made, ${broken} broken`,
  );
}

/**
 * Checks that every acknowledged message is counted, that nothing else is but at most `cutOffMax` requests whose
 * answer the generator did not wait for, and that the service's own counter lies between. Gives the number of rows.
 */
async function verified(url: string, acknowledged: number, cutOffMax: number): Promise<number> {
  const stats = (await (await fetch(`${url}/stats`)).json()) as { total_messages: number };
  const samples = await scrape(url);
  const created = samples.get('webhook_requests_total{result="created"}') ?? Number.NaN;
  const total = stats.total_messages;
  const excess = total - acknowledged;
  if (excess < 0 || excess > cutOffMax || created < acknowledged || created > total) {
    throw new Error(
      `acknowledged ${acknowledged}, stored ${total} (at most ${cutOffMax} more are in order), created ${created}`,
    );
  }
  return total;
}

function backlog(samples: ReadonlyMap<string, number>): number | null {
  return samples.get('oncebox_search_backlog_messages') ?? null;
}
