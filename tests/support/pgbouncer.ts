// pgbouncer in transaction mode in front of a database: a connection of a client is one of the server's only for a transaction.
import { spawn } from 'node:child_process';
import { chownSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { eventually } from './bounded.ts';
import { endAfter, temporaryDirectory } from './cleanup.ts';
import { programFor } from './debian.ts';
import { ordinaryUser, reachable, rootOf } from './ordinary-user.ts';
import { freePort } from './ports.ts';

/**
 * Starts it for the database of a URL, with so many connections of the server behind it.
 * Gives the URL by which clients reach the database through it, or undefined where the test is skipped.
 */
export async function startPgbouncer(
  t: TestContext,
  database: string,
  poolSize = 4,
): Promise<string | undefined> {
  const found = programFor(t, 'pgbouncer');
  if (!found) return undefined;
  const { username, password, hostname, port, pathname } = new URL(database);
  const directory = temporaryDirectory(t);
  const program = reachable(found, rootOf(found), directory);
  const users = join(directory, 'users');
  writeFileSync(users, `"${username}" "${password}"\n`);
  const own = await freePort();
  const config = join(directory, 'pgbouncer.ini');
  writeFileSync(
    config,
    `[databases]
* = host=${hostname} port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = transaction
default_pool_size = ${poolSize}
max_client_conn = 500
`,
  );
  const { uid, gid } = ordinaryUser();
  if (uid !== undefined && gid !== undefined)
    for (const path of [directory, users, config]) chownSync(path, uid, gid);
  const child = spawn(program.path, [config], {
    cwd: directory,
    env: { ...process.env, ...program.env },
    stdio: ['ignore', 'ignore', 'pipe'],
    ...ordinaryUser(),
  });
  endAfter(t, child);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await eventually('pgbouncer', async () => {
    if (child.exitCode !== null) throw new Error(said);
    return (await listens(own)) || undefined;
  });
  return `postgres://${username}:${password}@127.0.0.1:${own}${pathname}`;
}

async function listens(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
