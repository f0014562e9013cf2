// Many clients of the stream in a process of their own, as cheap as can be: they count bytes, and one searches for the last id.
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const APART_MS = 5;
/** Where the first client begins, and how many messages before it each further one does. */
const [url = '', count = '0', newest = '0', apart = '0'] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const figures = { open: 0, bytes: 0, lastId: 0 };
let rest = '';

function follow(index: number): void {
  const after = Math.max(0, Number(newest) - index * Number(apart));
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(`GET /messages/stream?after=${after} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
  socket.once('data', () => {
    figures.open += 1;
  });
  socket.on('data', (chunk: Buffer) => {
    figures.bytes += chunk.length;
    if (index !== 0) return;
    const text = rest + chunk.toString('latin1');
    const at = text.lastIndexOf('\nid: ');
    const id = at === -1 ? null : /^\nid: ([0-9]+)\n/.exec(text.slice(at, at + 32));
    if (id !== null) figures.lastId = Number(id[1]);
    rest = text.slice(-32);
  });
  socket.on('close', () => {
    figures.open -= 1;
  });
  socket.on('error', (error) => process.stderr.write(`${error.message}\n`));
}

// Any byte on standard input asks for the figures; its end ends the clients.
process.stdin.on('data', () => process.stdout.write(`${JSON.stringify(figures)}\n`));
process.stdin.on('end', () => process.exit(0));
for (let index = 0; index < Number(count); index += 1) {
  follow(index);
  await sleep(APART_MS);
}
