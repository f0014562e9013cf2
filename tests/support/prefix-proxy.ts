// A reverse proxy that serves the service under a prefix and nothing else, and strips the prefix or leaves it, as proxies differ.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Cleaner } from './cleanup.ts';
import { createServer, request as httpRequest } from './node-http.ts';

export interface PrefixProxy {
  /** Where the proxy serves the prefix, without a slash at its end. */
  readonly url: string;
  /** The paths that were asked for outside of the prefix: a link without it. */
  readonly strays: string[];
}

/** Starts the proxy in front of what listens on `upstream`; it is ended after the test. */
export async function startPrefixProxy(
  t: Cleaner,
  upstream: number,
  prefix: string,
  strips: boolean,
): Promise<PrefixProxy> {
  const strays: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const { method, headers, url = '/' } = incoming;
    if (url !== prefix && !url.startsWith(`${prefix}/`)) {
      strays.push(url);
      outgoing.writeHead(404).end();
      return;
    }
    const path = strips ? url.slice(prefix.length) || '/' : url;
    const forwarded = httpRequest({ host: '127.0.0.1', port: upstream, method, headers, path });
    forwarded.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      outgoing.flushHeaders();
      answer.on('error', () => outgoing.destroy()).pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    outgoing.on('close', () => forwarded.destroy());
    incoming.pipe(forwarded);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`, strays };
}
