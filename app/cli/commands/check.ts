// `oncebox check`: whether the database is sound and everything derived agrees with the messages; rebuilds that on demand.
import type { Command } from 'commander';
import { ConfigError } from '../../config/config-error.ts';
import type { CheckName, Inspection } from '../../storage/admin.ts';
import { EXIT } from '../exit.ts';
import { adminOf, withDatabase, withExamples, withJson } from '../options.ts';
import { printable, rowsText, table, type Terminal } from '../terminal.ts';

interface Options {
  readonly database?: string;
  readonly quick?: boolean;
  readonly repair?: boolean;
}

const MEANINGS: Readonly<Record<CheckName, string>> = {
  schema: 'tables are those of its version, which this program knows',
  integrity: 'pages and indexes, as far as the database engine checks them',
  counters: 'counts that the database keeps, against a scan',
  deliveries: 'deliveries, against their messages and events',
  index: 'lists and counts of the index, against the messages',
  search: 'search index, against the texts',
};

export function addCheckCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('check')
    .description(
      'check the database, its index and the settings; exit code 1 if the database or its index is wrong, ' +
        '78 if only a setting cannot be used',
    )
    .option(
      '--quick',
      'leave out what takes longest: index entries are counted, not compared with their tables, and the search index is not compared with the texts',
    )
    .option(
      '--repair',
      'first rebuild what is derived from the messages; refuses while a service runs',
    )
    .action((options: Options) => check(terminal, options));
  withExamples(
    withJson(withDatabase(command)),
    ['check', 'checks everything, also while the service runs'],
    ['check --repair', 'rebuilds the index and the counts, then checks everything'],
  );
}

async function check(terminal: Terminal, options: Options): Promise<void> {
  const admin = await adminOf(options);
  if (options.repair === true) {
    await admin.repair(terminal.progress((stage) => (stage === 'search' ? 'search index' : stage)));
  }
  const inspection = await admin.check(
    options.quick === true ? 'quick' : 'full',
    terminal.interruption(),
    terminal.progress((name) => `checking ${name}`),
  );
  const settings = await settingsProblem();
  const value = {
    database: admin.location,
    repaired: options.repair === true,
    ...inspection,
    settings: { problem: settings },
    sound: inspection.sound && settings === null,
  };
  terminal.result(value, () => report(admin.location, inspection, settings));
  if (!inspection.sound) terminal.exitCode = EXIT.failed;
  else if (settings !== null) terminal.exitCode = EXIT.config;
}

function report(
  location: string,
  { findings, messages, events, deliveries, schemaVersion, index }: Inspection,
  settings: string | null,
): string[] {
  const rows = findings.map(({ name, problems, seconds }) => [
    problems.length === 0 ? 'ok' : 'WRONG',
    name,
    MEANINGS[name],
    `${seconds.toFixed(1)} s`,
  ]);
  rows.push([settings === null ? 'ok' : 'WRONG', 'settings', 'usable by the service', '']);
  const note =
    index === null ? ['there is no index to check: the next start of the service builds it'] : [];
  const problems = findings.flatMap(({ name, problems: found }) =>
    found.map((problem) => `${name}: ${printable(problem)}`),
  );
  if (settings !== null) problems.push(`settings: ${settings}`);
  return [
    `${location}${messages === null ? '' : `: ${rowsText({ messages, events, deliveries })}, schema version ${schemaVersion ?? '?'}`}`,
    ...table(rows, [3]),
    ...note,
    ...problems,
  ];
}

/** Resolves to why the service could not start with the settings of this environment; null where it could. */
async function settingsProblem(): Promise<string | null> {
  const { readConfig } = await import('../../config/config.ts');
  try {
    readConfig();
    return null;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}
