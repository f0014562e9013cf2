// A client that reads over one keep-alive connection and times each answer.
import { Agent, type IncomingHttpHeaders, get } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
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

export class ReadClient {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(url: string) {
    this.#url = url;
  }

  /** Asks for a path with its query. Rejects when the connection fails. */
  async ask(path: string): Promise<Answer> {
    const startMs = performance.now();
    const request = get(`${this.#url}${path}`, { agent: this.#agent });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const body = await text(response);
    const ms = performance.now() - startMs;
    return { status: response.statusCode ?? 0, headers: response.headers, body, ms };
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** The path of the next page as the Link header gives it (RFC 8288); null without one. */
export function nextPage(headers: IncomingHttpHeaders): string | null {
  const link = String(headers['link'] ?? '');
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
