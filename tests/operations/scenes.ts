// Real faults, each with the alerts that it must set off: what is done to a real service while it is being scraped.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { bounded, eventually } from '../support/bounded.ts';
import { execute, holdWriteLock, indexThere, insertRows } from '../support/database.ts';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { again, post } from './stage.ts';
import type { Scene } from './stage.ts';

/** Passes the log on, until a request for /farewell is in it. */
const READER = `while IFS= read -r line; do
  printf '%s\\n' "$line"
  case $line in *farewell*) break ;; esac
done <log`;

/** A trigger that fails keeps what is derived from the messages behind them, however often it is tried again. It is no damage. */
function backlog(
  what: { name: string; change: string; metric: string; zero: string },
  rows: number,
): Pick<Scene, 'fault' | 'play'> {
  return {
    fault: `${what.name} cannot be written, and there are more messages than it holds`,
    play: async ({ t, service, recording }) => {
      const index = await indexThere(service.databasePath);
      execute(
        index,
        `CREATE TRIGGER broken BEFORE ${what.change} BEGIN SELECT abs(-9223372036854775807 - 1); END`,
      );
      insertRows(service.databasePath, rows);
      const next = await again(t, service);
      const waiting = async (): Promise<number> =>
        (await recording.scrape(next)).find(({ name }) => name === what.metric)?.value ?? 0;
      // Not recorded: each scrape takes its time there.
      await eventually(
        'what does not fail',
        async () => (await next.get('/metrics')).text.includes(`\n${what.zero} 0\n`) || undefined,
      );
      assert.ok((await waiting()) > rows - 1_000);
      recording.hold(80);
      execute(index, 'DROP TRIGGER broken');
      await eventually('the backlog to be worked off', async () =>
        (await waiting()) === 0 ? true : undefined,
      );
      return next;
    },
  };
}

export const SCENES: readonly Scene[] = [
  {
    fault: 'none: posts, repeats, mistakes of senders, reads',
    fires: [],
    play: async ({ service, recording }) => {
      const sent = message();
      for (let round = 0; round < 8; round += 1) {
        await service.store(sent);
        await service.post(message(), round === 0 ? 'wrong' : undefined);
        await service.post('{}');
        await service.get('/messages?q=hello');
        await service.get('/nothing');
        await recording.scrape(service);
      }
    },
  },
  {
    fault: 'the process is killed, and started again after two minutes',
    fires: ['OnceboxDown'],
    play: async ({ t, service, recording }) => {
      await service.stop('SIGKILL');
      await recording.scrape(service);
      recording.hold(8);
      return await startService(t, { directory: service.directory });
    },
  },
  {
    fault: 'the process is killed again and again',
    fires: ['OnceboxRestarts'],
    play: async ({ t, service, recording }) => {
      let current = service;
      for (let round = 0; round < 2; round += 1) {
        // The start time is told in seconds.
        await sleep(1_100);
        current = await again(t, current);
        await recording.scrape(current);
        recording.hold(8);
      }
      return current;
    },
  },
  {
    fault: 'a table of the schema is gone, and reads need it',
    fires: ['OnceboxNotReady', 'OnceboxReadsFail'],
    reason: 'schema',
    play: async ({ service, recording }) => {
      execute(service.databasePath, 'ALTER TABLE epochs RENAME TO gone');
      for (let round = 0; round < 3; round += 1) {
        assert.ok((await service.get('/stats')).status >= 500);
        await recording.scrape(service);
        recording.hold(10);
      }
      execute(service.databasePath, 'ALTER TABLE gone RENAME TO epochs');
    },
  },
  {
    fault: 'more posts than the queue holds, while another process has the lock',
    fires: ['OnceboxRefusesWebhooks', 'OnceboxQueueFills'],
    reason: 'queue_full',
    options: () => ({ env: { QUEUE_MESSAGES_MAX: '4' } }),
    play: async ({ t, service, recording }) => {
      const release = await holdWriteLock(t, service.databasePath);
      let refused = 0;
      const posts = Array.from({ length: 12 }, async () => {
        const { status } = await service.post(message());
        if (status === 503) refused += 1;
      });
      await eventually('all but four to be turned away', () => refused >= 8 || undefined);
      await recording.scrape(service);
      recording.hold(12);
      await release();
      await Promise.all(posts);
    },
  },
  {
    fault: 'one post in two hundred meets a lock that is held for too long',
    fires: ['OnceboxBatchesFail'],
    play: async ({ t, service, recording }) => {
      for (let round = 0; round < 10; round += 1) await post(service, 20);
      const release = await holdWriteLock(t, service.databasePath);
      assert.deepEqual(await post(service, 1), [503]);
      await release();
      await recording.scrape(service);
      recording.hold(20);
    },
  },
  {
    fault: 'a sender signs with another secret',
    fires: ['OnceboxSignaturesFail'],
    play: async ({ service, recording }) => {
      for (let round = 0; round < 20; round += 1) {
        assert.equal((await service.post(message(), 'wrong')).status, 401);
        await service.store(message());
        await recording.scrape(service);
      }
      recording.hold(20);
    },
  },
  {
    fault: 'each commit waits for another process',
    fires: ['OnceboxCommitsSlow'],
    play: async ({ t, service, recording }) => {
      for (let round = 0; round < 3; round += 1) {
        const release = await holdWriteLock(t, service.databasePath);
        const posted = post(service, 1);
        await sleep(400);
        await release();
        assert.deepEqual(await posted, [200]);
        await recording.scrape(service);
        recording.hold(10);
      }
    },
  },
  {
    ...backlog(
      {
        name: 'the search index',
        change: 'UPDATE ON state WHEN new.searched_seq > old.searched_seq',
        metric: 'oncebox_search_backlog_messages',
        zero: 'oncebox_list_backlog_messages',
      },
      101_000,
    ),
    fires: ['OnceboxSearchBehind'],
  },
  {
    ...backlog(
      {
        name: 'the lists of the index',
        change: 'INSERT ON entries',
        metric: 'oncebox_list_backlog_messages',
        zero: 'oncebox_writer_queue_messages',
      },
      41_000,
    ),
    fires: ['OnceboxListsBehind'],
  },
  {
    fault: 'an id comes again with another text',
    fires: ['OnceboxConflicts'],
    play: async ({ service, recording }) => {
      const sent = message();
      await service.store(sent, { ...sent, text: 'another' });
      await recording.scrape(service);
      recording.hold(8);
    },
  },
  {
    fault: 'the reader of the log goes away',
    fires: ['OnceboxLogLinesDropped'],
    options: () => ({ shell: `mkfifo log; ${READER} & exec "$@" >log` }),
    play: async ({ service, recording }) => {
      await service.get('/farewell');
      await eventually('lines to be dropped', async () => {
        const samples = await recording.scrape(service);
        const dropped = samples.find(({ name }) => name === 'oncebox_log_lines_dropped');
        return (dropped?.value ?? 0) > 0 || undefined;
      });
      recording.hold(8);
    },
  },
  {
    fault: 'more connections than there may be',
    fires: ['OnceboxConnectionsRefused'],
    options: () => ({ env: { CONNECTIONS_MAX: '8' } }),
    play: async ({ service, recording }) => {
      const sockets = Array.from({ length: 10 }, () =>
        connect({ host: '127.0.0.1', port: service.port }).on('error', () => undefined),
      );
      const closed = sockets.slice(8).map((socket) => once(socket.resume(), 'close'));
      await bounded(Promise.all(closed), () => 'the two that are too many to be closed');
      for (const socket of sockets) socket.destroy();
      await eventually('a scrape', async () =>
        (await service.get('/health/live').catch(() => undefined)) === undefined ? undefined : true,
      );
      await recording.scrape(service);
      recording.hold(8);
    },
  },
];
