// A strict reader of the Prometheus text format 0.0.4. It accepts less than a scraper does: what it accepts, any scraper reads.
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;
const VALUE = /^([+-]?(\d+(\.\d+)?([eE][+-]?\d+)?)|[+-]Inf|NaN)$/;

export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface Family {
  name: string;
  help: string;
  type: string;
  samples: Sample[];
}

/** Takes the text of a scrape. Returns its families by name. Throws at the first line or number that breaks the format. */
export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line must end with a line feed');
  const families = new Map<string, Family>();
  let current: Family | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue;
    if (line.startsWith('#')) current = readComment(line, current, families);
    else if (current) current.samples.push(readSample(line, current));
    else throw new Error(`a sample before any family: ${line}`);
  }
  for (const family of families.values()) checkFamily(family);
  return families;
}

/** The samples of a name in all families, the `_bucket`, `_sum` and `_count` of a histogram among them. */
export function samplesOf(families: Map<string, Family>, name: string): Sample[] {
  return [...families.values()].flatMap((family) =>
    family.samples.filter((sample) => sample.name === name),
  );
}

/** The value of the one sample with this name whose labels include `labels`; 0 when there is none. Throws when there are more. */
export function valueOf(
  families: Map<string, Family>,
  name: string,
  labels: Record<string, string> = {},
): number {
  const wanted = Object.entries(labels);
  const found = samplesOf(families, name).filter((sample) =>
    wanted.every(([key, value]) => sample.labels[key] === value),
  );
  if (found.length > 1)
    throw new Error(`${found.length} samples of ${name} ${JSON.stringify(labels)}`);
  return found[0]?.value ?? 0;
}

function readComment(
  line: string,
  current: Family | undefined,
  families: Map<string, Family>,
): Family {
  const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
  if (!kind || !NAME.test(name)) throw new Error(`neither HELP nor TYPE: ${line}`);
  if (kind === 'HELP') {
    if (families.has(name)) throw new Error(`the family ${name} comes twice`);
    if (/\\(?![\\n])/.test(rest) || rest === '') throw new Error(`not a help text: ${line}`);
    const family = { name, help: rest, type: '', samples: [] };
    families.set(name, family);
    return family;
  }
  if (!current || current.name !== name || current.type !== '' || current.samples.length > 0)
    throw new Error(`TYPE out of place: ${line}`);
  if (!/^(counter|gauge|histogram|summary)$/.test(rest)) throw new Error(`unknown type: ${line}`);
  current.type = rest;
  return current;
}

function readSample(line: string, family: Family): Sample {
  const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
  if (!name || !VALUE.test(value)) throw new Error(`not a sample: ${line}`);
  if (!namesOf(family).includes(name))
    throw new Error(`${name} among the samples of ${family.name}`);
  return {
    name,
    labels: readLabels(labels, line),
    value: Number(value.replace('Inf', 'Infinity')),
  };
}

function namesOf(family: Family): string[] {
  if (family.type === 'histogram')
    return ['_bucket', '_sum', '_count'].map((ending) => family.name + ending);
  if (family.type === 'summary') return [family.name, `${family.name}_sum`, `${family.name}_count`];
  return [family.name];
}

function readLabels(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    if (!match) throw new Error(`not labels: ${line}`);
    const [, name = '', value = ''] = match;
    if (name in labels) throw new Error(`the label ${name} comes twice: ${line}`);
    labels[name] = value.replace(/\\(.)/g, (_, escaped: string) =>
      escaped === 'n' ? '\n' : escaped,
    );
  }
  return labels;
}

function checkFamily(family: Family): void {
  if (family.type === '') throw new Error(`${family.name} has no type`);
  const seen = new Set<string>();
  for (const sample of family.samples) {
    const key = seriesOf(sample, '');
    if (seen.has(key)) throw new Error(`the series ${key} comes twice`);
    seen.add(key);
    const counts = family.type === 'counter' || /_(bucket|count)$/.test(sample.name);
    if (counts && !(sample.value >= 0)) throw new Error(`${key} counts ${sample.value}`);
  }
  if (family.type === 'histogram') checkHistogram(family);
}

function checkHistogram(family: Family): void {
  const series = Map.groupBy(family.samples, (sample) =>
    seriesOf(sample, 'le').replace(/^\S+/, ''),
  );
  for (const [key, samples] of series) {
    const buckets = samples.filter((sample) => sample.name.endsWith('_bucket'));
    const bounds = buckets.map((sample) =>
      Number((sample.labels['le'] ?? '').replace('Inf', 'Infinity')),
    );
    const counts = buckets.map((sample) => sample.value);
    const count = samples.find((sample) => sample.name.endsWith('_count'))?.value;
    if (!samples.some((sample) => sample.name.endsWith('_sum')))
      throw new Error(`${family.name}${key} has no sum`);
    if (!bounds.every((bound, index) => index === 0 || bound > (bounds[index - 1] ?? NaN)))
      throw new Error(`${family.name}${key}: bounds`);
    if (!counts.every((value, index) => index === 0 || value >= (counts[index - 1] ?? NaN)))
      throw new Error(`${family.name}${key}: counts`);
    if (bounds.at(-1) !== Infinity || counts.at(-1) !== count)
      throw new Error(`${family.name}${key}: +Inf is not the count`);
  }
}

function seriesOf(sample: Sample, without: string): string {
  const labels = Object.entries(sample.labels).filter(([name]) => name !== without);
  return `${sample.name} ${JSON.stringify(labels.toSorted(([a], [b]) => (a < b ? -1 : 1)))}`;
}
