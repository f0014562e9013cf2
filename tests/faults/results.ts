// The figures of runs of these tests: of this one, and of all that were written to a file, by commit.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const NOTHING = {
  /** Runs that came to their end, and those that found something. */
  runs: 0,
  failures: 0,
  /** Deaths by SIGKILL, and the messages that had been acknowledged before them, each in a post of its own. */
  kills: 0,
  killedAcknowledged: 0,
  /** Deliveries of several items each, of a named source, that were acknowledged beside them, and these items. */
  killedDeliveries: 0,
  killedItems: 0,
  /** Of these: what an application got by forwarding, what of it again, messages that retention removed, and backups that were made meanwhile. */
  killedForwarded: 0,
  killedRepeats: 0,
  killedRemoved: 0,
  killedBackups: 0,
  /** Disks that were opened as a power cut would leave them, what had been acknowledged in their records, and disks with finished forwarding. */
  cuts: 0,
  cutAcknowledged: 0,
  cutDeliveries: 0,
  cutForwarded: 0,
  diskFaults: 0,
  /** Generated requests that were answered, and connections with bytes that need not be a request. */
  fuzzed: 0,
  fuzzedBroken: 0,
  /** On PostgreSQL: deaths of replicas, of the database, of the primary of a cluster, and what had been acknowledged over them. */
  replicaDeaths: 0,
  databaseDeaths: 0,
  failovers: 0,
  replicatedAcknowledged: 0,
  replicatedRefused: 0,
  replicatedDeliveries: 0,
  replicatedItems: 0,
  /** Deaths while items were forwarded, what arrived, what of it arrived again, and what was given up as it never could arrive. */
  forwardKills: 0,
  forwarded: 0,
  forwardRepeats: 0,
  forwardDead: 0,
};

export type Figures = typeof NOTHING;

/** A line of the file: what one run has added. */
interface Entry {
  readonly run: string;
  /** ISO-8601. */
  readonly at: string;
  /** Null outside a clone. */
  readonly commit: string | null;
  /** Whether files differ from those of the commit. */
  readonly dirty: boolean;
  readonly command: string;
  readonly figures: Partial<Figures>;
}

/** What the runs of one commit have added up to. */
interface CommitResults {
  readonly commit: string | null;
  readonly dirty: boolean;
  readonly from: string;
  readonly to: string;
  readonly commands: readonly string[];
  readonly figures: Figures;
}

export class Results {
  /** Of this run alone. */
  readonly own: Figures = { ...NOTHING };
  readonly #path: string | undefined;
  readonly #entry: Pick<Entry, 'run' | 'commit' | 'dirty' | 'command'>;

  /** With a path, each `add` appends a line to that file, which any number of processes may do at once. */
  constructor(command: string, path?: string) {
    this.#path = path;
    this.#entry = { run: randomBytes(4).toString('hex'), ...treeState(), command };
  }

  add(figures: Partial<Figures>): void {
    addTo(this.own, figures);
    if (this.#path === undefined) return;
    const added = Object.entries(figures).filter(([, value]) => value > 0);
    const at = new Date().toISOString();
    const entry: Entry = { ...this.#entry, at, figures: Object.fromEntries(added) };
    // One short write at the end of the file: no line of another process gets into it.
    appendFileSync(this.#path, `${JSON.stringify(entry)}\n`);
  }
}

/** Adds up a file of results. Throws where a line is none. */
export function sumOf(path: string): {
  readonly commits: readonly CommitResults[];
  readonly sum: Figures;
} {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  const entries = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Entry);
  const sum = { ...NOTHING };
  const groups = Map.groupBy(entries, ({ commit, dirty }) => `${commit ?? ''} ${String(dirty)}`);
  for (const { figures } of entries) addTo(sum, figures);
  return { commits: [...groups.values()].map(resultsOf), sum };
}

function resultsOf(entries: readonly Entry[]): CommitResults {
  const figures = { ...NOTHING };
  for (const entry of entries) addTo(figures, entry.figures);
  const times = entries.map(({ at }) => at).toSorted();
  return {
    commit: entries[0]?.commit ?? null,
    dirty: entries[0]?.dirty ?? false,
    from: times[0] ?? '',
    to: times.at(-1) ?? '',
    commands: [...new Set(entries.map(({ command }) => command))],
    figures,
  };
}

function addTo(sum: Figures, figures: Partial<Figures>): void {
  for (const name of Object.keys(NOTHING) as (keyof Figures)[]) sum[name] += figures[name] ?? 0;
}

/** The commit of the tree, and whether files that belong to it differ. */
function treeState(): Pick<Entry, 'commit' | 'dirty'> {
  const git = (...args: string[]): string => {
    const { status, stdout } = spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' });
    return status === 0 ? stdout.trim() : '';
  };
  const commit = git('rev-parse', 'HEAD');
  if (commit === '') return { commit: null, dirty: false };
  return { commit, dirty: git('status', '--porcelain', '--untracked-files=no') !== '' };
}
