// `oncebox stats`: what `GET /stats` says, and the gauges of the database.
import type { Command } from 'commander';
import { DEFAULT_SOURCE } from '../../model/source.ts';
import type { DatabaseStats } from '../../storage/admin.ts';
import { adminOf, withDatabase, withExamples, withJson } from '../options.ts';
import { bytes, table, type Terminal, whole } from '../terminal.ts';

export function addStatsCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('stats')
    .description(
      'show how many messages there are, from whom and from which sources, and what the database takes',
    )
    .action(async (options: { database?: string }) => {
      const admin = await adminOf(options);
      const found = await admin.stats();
      const value = {
        database: admin.location,
        ...found,
        gauges: Object.fromEntries(found.gauges),
      };
      terminal.result(value, () => lines(admin.location, found));
    });
  withExamples(
    withJson(withDatabase(command)),
    ['stats', 'shows them as a table'],
    ["stats --json | jq '.stats.total_messages'", 'prints one of them'],
  );
}

function lines(
  location: string,
  { stats, sources, gauges, schemaVersion }: DatabaseStats,
): string[] {
  const rows = [
    ['messages', whole(stats.total_messages)],
    ['senders', whole(stats.senders_count)],
    ['first message', stats.first_message_ts ?? '-'],
    ['last message', stats.last_message_ts ?? '-'],
    ['schema version', String(schemaVersion ?? '-')],
    ...[...gauges].filter(([name]) => name !== MESSAGES).map(gaugeRow),
  ];
  const senders = stats.messages_per_sender.map(({ from, count }) => [from, whole(count)]);
  return [
    location,
    ...table(rows, [1]),
    ...sourceLines(sources),
    ...(senders.length === 0
      ? []
      : ['', ...table([['busiest senders', 'messages'], ...senders], [1])]),
  ];
}

/** A table of sources, where there are others than that of `POST /webhook`. */
function sourceLines(sources: DatabaseStats['sources']): string[] {
  if (sources.every(({ source }) => source === DEFAULT_SOURCE)) return [];
  const rows = sources.map(({ source, messages, events, deliveries, lastReceivedAt }) => [
    source,
    ...[messages, events, deliveries].map(whole),
    lastReceivedAt ?? '-',
  ]);
  const head = ['sources', 'messages', 'events', 'deliveries', 'last received'];
  return ['', ...table([head, ...rows], [1, 2, 3])];
}

/** The gauge that the first row shows already. */
const MESSAGES = 'oncebox_messages';

/** Returns `oncebox_index_bytes` as "index" with its size, and any other gauge by its name: engines have different ones. */
function gaugeRow([name, value]: readonly [name: string, value: number]): [string, string] {
  const label = name.replace(/^oncebox_/, '').replaceAll('_', ' ');
  return label.endsWith(' bytes')
    ? [label.slice(0, -' bytes'.length), bytes(value)]
    : [label, whole(value)];
}
