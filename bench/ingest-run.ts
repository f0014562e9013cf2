// One measurement of ingest: a fresh process and a fresh file, a warm-up, the load, and a check that nothing was lost.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { syncDirectory } from '../app/sync-directory.ts';
import { type Backlog, backlogOf, caughtUp } from './backlog.ts';
import { CUT_OFF_PER_CONNECTION, type Load, type LoadFigures, runLoad } from './load.ts';
import type { Subject } from './ingest-subjects.ts';
import {
  type ThreadCost,
  costOf,
  familyCpuSeconds,
  memory,
  processCpuSeconds,
  threadCosts,
  threadTimes,
  writtenBytes,
} from './process-figures.ts';
import { type Server, scrape } from './server.ts';

const WARM_UP_SECONDS = 2;

/** What is the same in every measurement of a run. */
export interface Setting {
  readonly directory: string;
  readonly warmUpFile: string;
  readonly file: string;
  readonly seconds: number;
}

export interface IngestFigures extends LoadFigures {
  readonly requests_per_second: number;
  readonly threads: readonly ThreadCost[];
  readonly rss_mib: number;
  readonly peak_rss_mib: number;
  /** Bytes that the process had written to the disk under load. */
  readonly written_bytes: number;
}

/** What a server cost in all, from the load's begin until what it derives from the messages was up to date. */
interface WholeCost {
  readonly cpu_seconds: number;
  readonly written_bytes: number;
  /** From the end of the load on. */
  readonly catch_up_seconds: number;
}

export interface SubjectFigures extends IngestFigures {
  /** Null where nothing is committed. */
  readonly messages_a_commit: number | null;
  /** What lists and search lacked when the load ended; null where nothing is derived. */
  readonly backlog: Backlog | null;
  readonly whole: WholeCost;
}

/** Measures a server. Rejects when an answer was not 200, or when an acknowledged message is missing from the database. */
export async function measure(
  subject: Subject,
  setting: Setting,
  connections: number,
): Promise<SubjectFigures> {
  const home = mkdtempSync(join(setting.directory, 'server-'));
  const path = join(home, 'app.db');
  try {
    const { acknowledged, figures } = await inProcess(subject, path, setting, connections);
    const cutOffMax = 2 * connections * CUT_OFF_PER_CONNECTION;
    if (subject.stores) requireAll(await subject.stored(path), acknowledged, cutOffMax);
    return figures;
  } finally {
    rmSync(home, { recursive: true, force: true });
    // Else the disk discards the removed files while the next server is measured, whose commits wait for that.
    syncDirectory(setting.directory);
  }
}

/** Starts the server, measures it, and ends it. */
async function inProcess(
  subject: Subject,
  path: string,
  { warmUpFile, file, seconds }: Setting,
  connections: number,
): Promise<{ acknowledged: number; figures: SubjectFigures }> {
  const server = await subject.start(path);
  const use = subject.stores ? 'once' : 'again';
  try {
    // Messages of their own run the code hot, so that compilation is not measured.
    const warmUp = { url: `${server.url}/webhook`, file: warmUpFile, use, connections } as const;
    const warm = onlyAccepted(await runLoad({ ...warmUp, seconds: WARM_UP_SECONDS }));
    await settled(server);
    const before = await scrape(server.url);
    const cpuBefore = wholeCpuSeconds(server);
    const writtenBefore = writtenBytes(server.pid);
    const figures = await underLoad(server, { file, use, seconds }, connections);
    const after = await scrape(server.url);
    const catch_up_seconds = await settled(server);
    const grown = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
    const commits = grown('oncebox_batch_messages_count');
    return {
      acknowledged: warm.requests + figures.requests,
      figures: {
        ...figures,
        messages_a_commit: commits > 0 ? grown('oncebox_batch_messages_sum') / commits : null,
        backlog: backlogOf(after),
        whole: {
          cpu_seconds: wholeCpuSeconds(server) - cpuBefore,
          written_bytes: writtenBytes(server.pid) - writtenBefore,
          catch_up_seconds,
        },
      },
    };
  } finally {
    await server.stop();
  }
}

/** CPU seconds of the server so far, and of its database server where it has one. */
function wholeCpuSeconds(server: Server): number {
  return processCpuSeconds(server.pid) + databaseCpuSeconds(server);
}

function databaseCpuSeconds({ databasePid }: Server): number {
  return databasePid === undefined ? 0 : familyCpuSeconds(databasePid);
}

/** Waits until what the server derives from the messages is up to date. Returns the seconds that it took. */
async function settled(server: Server): Promise<number> {
  return backlogOf(await scrape(server.url)) === null ? 0 : caughtUp(server.url);
}

/** Loads a server that is warm, and reads what its process costs meanwhile. */
export async function underLoad(
  server: Server,
  { file, use, seconds }: Pick<Load, 'file' | 'use' | 'seconds'>,
  connections: number,
): Promise<IngestFigures> {
  const before = threadTimes(server.pid);
  const databaseBefore = databaseCpuSeconds(server);
  const writtenBefore = writtenBytes(server.pid);
  const figures = await runLoad({ url: `${server.url}/webhook`, file, use, connections, seconds });
  const after = threadTimes(server.pid);
  const database = costOf(
    'PostgreSQL',
    databaseCpuSeconds(server) - databaseBefore,
    figures.seconds,
  );
  return {
    ...onlyAccepted(figures),
    requests_per_second: figures.requests / figures.seconds,
    threads: [
      ...threadCosts(before, after, figures.seconds),
      ...(server.databasePid ? [database] : []),
    ],
    written_bytes: writtenBytes(server.pid) - writtenBefore,
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
 * Checks that a server that has ended has stored every acknowledged message, and nothing else but at most `cutOffMax`
 * requests whose answer the generator did not wait for.
 */
function requireAll(stored: number, acknowledged: number, cutOffMax: number): void {
  if (stored >= acknowledged && stored <= acknowledged + cutOffMax) return;
  throw new Error(
    `acknowledged ${acknowledged}, stored ${stored} (at most ${cutOffMax} more are in order)`,
  );
}
