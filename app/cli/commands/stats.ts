// `oncebox stats`: what `GET /stats` says, and what the file says of itself.
import type { Command } from 'commander';
import type { FileStats } from '../../storage/sqlite/read/file-stats.ts';
import { databaseOf, withDatabase, withExamples, withJson } from '../options.ts';
import { bytes, table, type Terminal, whole } from '../terminal.ts';

export function addStatsCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('stats')
    .description('show how many messages there are, from whom, and what the file takes')
    .action(async (options: { database?: string }) => {
      const { fileStats } = await import('../../storage/sqlite/read/file-stats.ts');
      const path = databaseOf(options);
      const found = fileStats(path);
      terminal.result({ database: path, ...found }, () => lines(path, found));
    });
  withExamples(
    withJson(withDatabase(command)),
    ['stats', 'shows them as a table'],
    ["stats --json | jq '.stats.total_messages'", 'gives one of them'],
  );
}

function lines(path: string, { stats, gauges, schemaVersion }: FileStats): string[] {
  const rows = [
    ['messages', whole(stats.total_messages)],
    ['senders', whole(stats.senders_count)],
    ['first message', stats.first_message_ts ?? '-'],
    ['last message', stats.last_message_ts ?? '-'],
    ['database', bytes(gauges.oncebox_database_bytes)],
    ['write-ahead log', bytes(gauges.oncebox_wal_bytes)],
    ['index', bytes(gauges.oncebox_index_bytes)],
    ['not in the lists yet', whole(gauges.oncebox_list_backlog_messages)],
    ['not in the search index yet', whole(gauges.oncebox_search_backlog_messages)],
    ['schema version', String(schemaVersion ?? '-')],
  ];
  const senders = stats.messages_per_sender.map(({ from, count }) => [from, whole(count)]);
  return [
    path,
    ...table(rows, [1]),
    ...(senders.length === 0
      ? []
      : ['', ...table([['busiest senders', 'messages'], ...senders], [1])]),
  ];
}
