// A client that reads over one keep-alive connection and times each answer.
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';

const HEAD_END = '\r\n\r\n';

export interface Answer {
  readonly status: number;
  /** The value of the Link header; empty without one. */
  readonly link: string;
  readonly body: string;
  readonly ms: number;
}

/** The times of many answers, in milliseconds. `refused` counts those that were not 200, which are not timed. */
export interface Times {
  readonly requests: number;
  readonly refused: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
}

/** Speaks HTTP by itself: Node's client takes a good part of what a read of the service does, and would be measured with it. */
export class ReadClient {
  readonly #server: URL;
  #socket: Socket | null = null;

  private constructor(url: string) {
    this.#server = new URL(url);
  }

  /** Connects to a server. Rejects when it cannot. */
  static async open(url: string): Promise<ReadClient> {
    const client = new ReadClient(url);
    await client.#connected();
    return client;
  }

  /** Connects again where the server has closed an idle connection, before the time is taken. */
  async #connected(): Promise<Socket> {
    if (this.#socket !== null && !this.#socket.destroyed) return this.#socket;
    const { hostname, port } = this.#server;
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(this.#socket, 'connect');
    return this.#socket;
  }

  /** Asks for a path with its query. Rejects when the connection fails. One request at a time. */
  async ask(path: string): Promise<Answer> {
    const socket = await this.#connected();
    const startMs = performance.now();
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${this.#server.host}\r\nConnection: keep-alive\r\n\r\n`,
    );
    const parts: Buffer[] = [];
    let head: string | null = null;
    let missing = 1;
    for await (const part of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      parts.push(part);
      if (head === null) {
        const start = Buffer.concat(parts);
        const end = start.indexOf(HEAD_END);
        if (end === -1) continue;
        head = start.toString('latin1', 0, end);
        missing = end + HEAD_END.length + Number(header(head, 'content-length')) - start.length;
      } else {
        missing -= part.length;
      }
      if (missing <= 0) break;
    }
    if (head === null || missing > 0) throw new Error(`no whole answer to ${path}`);
    const ms = performance.now() - startMs;
    const body = Buffer.concat(parts).toString('utf8', Buffer.byteLength(head) + HEAD_END.length);
    return { status: Number(head.slice(9, 12)), link: header(head, 'link'), body, ms };
  }

  close(): void {
    this.#socket?.destroy();
  }
}

function header(head: string, name: string): string {
  return new RegExp(`\r\n${name}: ([^\r]*)`, 'i').exec(head)?.[1] ?? '';
}

/** The path of the next page as the Link header gives it (RFC 8288); null without one. */
export function nextPage({ link }: Answer): string | null {
  const target = /<([^>]*)>\s*;[^,<]*rel="next"/.exec(link)?.[1];
  if (target === undefined) return null;
  const { pathname, search } = new URL(target, 'http://localhost/messages');
  return pathname + search;
}

export function summary(answers: readonly Pick<Answer, 'status' | 'ms'>[]): Times {
  const sorted = answers
    .filter(({ status }) => status === 200)
    .map(({ ms }) => ms)
    .toSorted((left, right) => left - right);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return {
    requests: answers.length,
    refused: answers.length - sorted.length,
    p50_ms: at(0.5),
    p99_ms: at(0.99),
  };
}
