// What a Prometheus would have seen of a real service: its scrapes one after another, as the input of promtool's rule tests.
import { readFileSync } from 'node:fs';
import type { Sample } from '../support/exposition.ts';
import { parseExposition } from '../support/exposition.ts';
import type { Service } from '../support/service.ts';

/** The time between two scrapes in deploy/prometheus/prometheus.yml; here they follow each other as fast as they can. */
const STEP_SECONDS = 15;
const TARGET = { job: 'oncebox', instance: 'api:8000' };
const RULES = new URL('../../deploy/prometheus/alerts.yml', import.meta.url);
/** Series whose names are no words of the rules: no rule reads them, and so the input stays small. */
const LEFT_OUT = new RegExp(
  `^(?!(${readFileSync(RULES, 'utf8').match(/\w+/g)?.join('|') ?? ''})$)`,
);

/** The samples of one scrape by their series; null where the service did not answer. */
type Scrape = ReadonlyMap<string, string> | null;

export class Recording {
  readonly #scrapes: Scrape[] = [];
  readonly #ownDisk: boolean;
  readonly #leftOut: RegExp;

  /** Without a disk of its own a service tells of one that everything else on the machine writes to: that is left out, too. */
  constructor(ownDisk: boolean, leftOut = LEFT_OUT) {
    this.#ownDisk = ownDisk;
    this.#leftOut = leftOut;
  }

  /** Scrapes the service, which may be dead. Returns what it answered, and counts as one step. */
  async scrape(service: Service): Promise<Sample[]> {
    const answer = await service.get('/metrics').catch(() => null);
    if (answer?.status !== 200) {
      this.#scrapes.push(null);
      return [];
    }
    const samples = [...parseExposition(answer.text).values()].flatMap((family) => family.samples);
    const kept = samples.filter(
      ({ name }) =>
        !this.#leftOut.test(name) && (this.#ownDisk || name !== 'oncebox_disk_free_bytes'),
    );
    this.#scrapes.push(new Map(kept.map((sample) => [seriesOf(sample), String(sample.value)])));
    return samples;
  }

  /** The state goes on as the last scrape saw it, for so many steps. */
  hold(steps: number): void {
    const last = this.#scrapes.at(-1) ?? null;
    for (let step = 0; step < steps; step += 1) this.#scrapes.push(last);
  }

  /** Seconds from the first scrape to the last one. */
  get seconds(): number {
    return (this.#scrapes.length - 1) * STEP_SECONDS;
  }

  /** The series in the notation of promtool, `interval` seconds apart. */
  input(): { interval: string; input_series: { series: string; values: string }[] } {
    const all = new Set(this.#scrapes.flatMap((scrape) => [...(scrape?.keys() ?? [])]));
    const up = this.#scrapes.map((scrape) => (scrape === null ? '0' : '1')).join(' ');
    const series = [...all].map((name) => ({ series: name, values: this.#valuesOf(name) }));
    return {
      interval: `${STEP_SECONDS}s`,
      input_series: [{ series: seriesOf({ name: 'up', labels: {} }), values: up }, ...series],
    };
  }

  /** As Prometheus stores them: a series that a scrape does not have any more is marked stale once. */
  #valuesOf(series: string): string {
    const values = this.#scrapes.map((scrape, step) => {
      const value = scrape?.get(series);
      if (value !== undefined) return value;
      return this.#scrapes[step - 1]?.has(series) === true ? 'stale' : '_';
    });
    return values.join(' ');
  }
}

function seriesOf({ name, labels }: Pick<Sample, 'name' | 'labels'>): string {
  const pairs = Object.entries({ ...TARGET, ...labels }).map(
    ([label, value]) => `${label}=${JSON.stringify(value)}`,
  );
  return `${name}{${pairs.join(',')}}`;
}
