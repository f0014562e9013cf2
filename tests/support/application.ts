// An application to which the service forwards: an HTTP server that takes or refuses what comes, as a test wants it.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Cleaner } from './cleanup.ts';
import type { Environment } from './service.ts';

const SECRET = `whsec_${Buffer.from('a key of the tests, of 32 bytes.').toString('base64')}`;

export interface Application {
  readonly port: number;
  /** The ids of what it took, in order: the values of `webhook-id`. */
  readonly taken: readonly string[];
  /** What it answers to a body from now on. */
  answer: (body: string) => number;
}

/** Starts one that takes everything; it is ended after the tests. */
export async function startApplication(t: Cleaner): Promise<Application> {
  const taken: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const status = application.answer(Buffer.concat(chunks).toString());
      if (status === 200) taken.push(String(request.headers['webhook-id']));
      response.writeHead(status).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const application: Application = { port, taken, answer: () => 200 };
  return application;
}

/** Returns the settings of destinations that begin at the beginning, and give up what fails once; `more`: others, by the ends of their variables. */
export function destinations(
  urls: Readonly<Record<string, string>>,
  more: Readonly<Record<string, Environment>> = {},
): Environment {
  const settings: Environment = { FORWARDS: Object.keys(urls).join(',') };
  for (const [name, url] of Object.entries(urls)) {
    const own = { URL: url, SECRET, START: 'beginning', RETRY_HOURS: '0', ...more[name] };
    for (const [end, value] of Object.entries(own))
      settings[`FORWARD_${name.toUpperCase()}_${end}`] = value;
  }
  return settings;
}
