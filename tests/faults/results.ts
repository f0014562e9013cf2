// The figures of a run of these tests, and their sum over many runs in a file.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

const NOTHING = {
  /** Runs that came to their end, and those that found something. */
  runs: 0,
  failures: 0,
  /** Deaths by SIGKILL, and what had been acknowledged before them. */
  kills: 0,
  killedAcknowledged: 0,
  /** Deliveries of several items each, of a named source, that were acknowledged among them. */
  killedDeliveries: 0,
  /** Disks that were opened as a power cut would leave them, and what had been acknowledged in their records. */
  cuts: 0,
  cutAcknowledged: 0,
  cutDeliveries: 0,
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
  /** Deaths while items were forwarded, what arrived, what of it arrived again, and what was given up as it never could arrive. */
  forwardKills: 0,
  forwarded: 0,
  forwardRepeats: 0,
  forwardDead: 0,
};

export type Figures = typeof NOTHING;

export class Results {
  /** Of this run alone. */
  readonly own: Figures = { ...NOTHING };
  readonly #before: Figures;
  readonly #path: string | undefined;

  /** With a path, the figures are added to those in that file, which is written anew at each `add`. */
  constructor(path?: string) {
    this.#path = path;
    const kept = path !== undefined && existsSync(path) ? readFileSync(path, 'utf8') : '{}';
    this.#before = { ...NOTHING, ...(JSON.parse(kept) as Partial<Figures>) };
  }

  add(figures: Partial<Figures>): void {
    addTo(this.own, figures);
    addTo(this.#before, figures);
    if (this.#path === undefined) return;
    // In one step: a run that is killed must not leave half a file.
    writeFileSync(`${this.#path}.new`, `${JSON.stringify(this.#before, null, 2)}\n`);
    renameSync(`${this.#path}.new`, this.#path);
  }
}

function addTo(sum: Figures, figures: Partial<Figures>): void {
  for (const name of Object.keys(NOTHING) as (keyof Figures)[]) sum[name] += figures[name] ?? 0;
}
