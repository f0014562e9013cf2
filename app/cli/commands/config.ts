// `oncebox config`: the settings as the service reads them.
import type { Command } from 'commander';
import { ConfigError } from '../../config/config-error.ts';
import { misspeltSettings } from '../../config/misspelt.ts';
import { describeLocation } from '../../model/database.ts';
import { EXIT } from '../exit.ts';
import { withExamples, withJson } from '../options.ts';
import { table, type Terminal } from '../terminal.ts';

export function addConfigCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('config')
    .description('show the effective settings, secrets masked; exit code 78 if one is unusable')
    .option('--check', 'only check whether the service could start with them')
    .action((options: { check?: boolean }) => showConfig(terminal, options.check === true));
  withExamples(
    withJson(command),
    ['config', 'shows each setting and the source of its value'],
    ['config --check && oncebox serve', 'starts the service only with usable settings'],
  );
}

async function showConfig(terminal: Terminal, checkOnly: boolean): Promise<void> {
  const { problem, databasePath } = await resolveSettings();
  const { describeSettings } = await import('../../config/describe.ts');
  const settings = describeSettings();
  const misspelt = misspeltSettings();
  const value = { usable: problem === null, problem, databasePath, misspelt };
  terminal.result(checkOnly ? value : { ...value, settings }, () => {
    const verdict = problem === null ? ['The settings are usable.'] : [];
    if (checkOnly) return verdict;
    const rows = settings.map(({ name, value: text, source }) => [name, text ?? '-', source]);
    const file = databasePath === null ? [] : [`The database is ${databasePath}`];
    return [...table([['setting', 'value', 'from'], ...rows]), '', ...file, ...verdict];
  });
  for (const { name, meant } of misspelt)
    terminal.error(`${name} is set, but is not a setting: did you mean ${meant}?`);
  if (problem === null) return;
  terminal.error(problem);
  terminal.exitCode = EXIT.config;
}

async function resolveSettings(): Promise<{
  problem: string | null;
  databasePath: string | null;
}> {
  const { readConfig } = await import('../../config/config.ts');
  try {
    return { problem: null, databasePath: describeLocation(readConfig().database) };
  } catch (error) {
    if (error instanceof ConfigError) return { problem: error.message, databasePath: null };
    throw error;
  }
}
