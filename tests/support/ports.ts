// Ports for servers that cannot choose one themselves, as they can with port 0.
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port below those that the system gives to outgoing connections, so that it is still free when the server starts again. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_000);
    const server = createServer().listen(port, '127.0.0.1');
    const outcome = await Promise.race([
      once(server, 'listening').then(() => 'free'),
      once(server, 'error').then(() => 'taken'),
    ]);
    if (outcome === 'free') {
      server.close();
      await once(server, 'close');
      return port;
    }
  }
}
