// One request to any path, a stream too: of an answer without an end the beginning is the answer.
import { request as httpRequest } from 'node:http';
import { bounded } from '../support/bounded.ts';
import type { Answered } from '../support/description.ts';
import type { Service } from '../support/service.ts';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Reads that need the store, and are 503 without it. */
export const STORED_READS: readonly string[] = [
  '/message?id=x',
  '/event?id=x',
  '/delivery?id=1',
  '/messages',
  '/messages/stream',
  '/events',
  '/events/stream',
  '/sources',
  '/forwards',
  '/forwards/attempts?seq=1',
  '/stats',
  '/stats/timeline',
  '/health/ready',
];

/** Sends a request; of an answer without an end only the beginning is read. */
export function ask(
  of: Service,
  { method, path, query = '', headers, body }: Asked,
): Promise<Answered> {
  const target = query === '' ? path : `${path}?${query}`;
  const options = { host: '127.0.0.1', port: of.port, method, path: target, agent: false, headers };
  const answer = new Promise<Answered>((resolve, reject) => {
    const outgoing = httpRequest({ ...options, headers: { ...headers } }, (incoming) => {
      let text = '';
      const end = () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text });
      incoming.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (incoming.headers['content-type']?.startsWith('text/event-stream') !== true) return;
        end();
        outgoing.destroy();
      });
      incoming.on('end', end).on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
  return bounded(answer, () => `an answer to ${method} ${target}`);
}
