// `oncebox sources`: the configured sources, and the URL that each provider is given.
import type { Command } from 'commander';
import { readCore } from '../../config/core.ts';
import { ENVIRONMENT } from '../../config/environment.ts';
import { variableOf } from '../../config/named.ts';
import { readSecret } from '../../config/secrets.ts';
import { DEFAULT_SOURCE, type SchemeName } from '../../model/source.ts';
import { httpUrl, withExamples, withJson } from '../options.ts';
import { table, type Terminal } from '../terminal.ts';

interface Row {
  readonly name: string;
  readonly scheme: SchemeName;
  readonly path: string;
  /** Null where the host is not known. */
  readonly url: string | null;
  readonly previousSecret: boolean;
}

export function addSourcesCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('sources')
    .description('list the configured sources, and the URL that each provider needs')
    .option(
      '--origin <url>',
      'scheme and host under which providers reach the service',
      (value: string) => new URL(httpUrl(value)).origin,
    )
    .action(async ({ origin }: { origin?: string }) => {
      const rows = await rowsOf(origin ?? null);
      terminal.result({ sources: rows }, () => lines(rows));
    });
  withExamples(
    withJson(command),
    ['sources', 'shows them as a table'],
    ['sources --origin https://hooks.example.com', 'shows the URLs as providers need them'],
    ["sources --json | jq -r '.sources[].path'", 'prints the paths'],
  );
}

/** Rejects with ConfigError for a setting that cannot be used. */
async function rowsOf(origin: string | null): Promise<Row[]> {
  const { readSources, SOURCE_PREFIX } = await import('../../config/sources.ts');
  const { basePath } = readCore(ENVIRONMENT);
  const previousSecret = readSecret(ENVIRONMENT, 'WEBHOOK_SECRET_PREVIOUS') !== null;
  const row = (name: string, scheme: SchemeName, path: string, previous: boolean): Row => ({
    name,
    scheme,
    path: basePath + path,
    url:
      publicUrl(variableOf(SOURCE_PREFIX, name, 'PUBLIC_URL')) ??
      (origin === null ? null : origin + basePath + path),
    previousSecret: previous,
  });
  return [
    row(DEFAULT_SOURCE, 'oncebox', '/webhook', previousSecret),
    ...readSources(ENVIRONMENT).map(({ name, scheme, hasPrevious }) =>
      row(name, scheme, `/webhook/${name}`, hasPrevious),
    ),
  ];
}

/** The URL that a provider signs is set, as the host is not known otherwise; null where it is not. */
function publicUrl(variable: string): string | null {
  return ENVIRONMENT[variable] || null;
}

function lines(rows: readonly Row[]): string[] {
  const cells = rows.map(({ name, scheme, path, url, previousSecret }) => [
    name,
    scheme,
    url ?? `https://HOST${path}`,
    previousSecret ? 'accepted' : '-',
  ]);
  return table([['source', 'scheme', 'URL at the provider', 'previous secret'], ...cells]);
}
