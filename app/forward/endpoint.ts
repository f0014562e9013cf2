// One destination over HTTP: sends requests, and says what came back.
import { Agent, type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as TlsAgent, request as requestHttps } from 'node:https';
import type { ForwardSettings } from '../model/forward.ts';
import type { Response } from './outcome.ts';
import type { AttemptRequest } from './request.ts';

/** Of an answer only the status counts. So much of its body is read, so that the connection can be used again. */
const ANSWER_BYTES_MAX = 65_536;
/** Connections that were idle for longer are not used again: the application may be about to close them. */
const IDLE_MS_MAX = 1_500;
const ERROR_UNITS_MAX = 200;

export class Endpoint {
  readonly #url: URL;
  readonly #timeoutMs: number;
  readonly #agent: Agent;
  readonly #inFlight = new Set<ClientRequest>();

  constructor({ url, timeoutMs }: Pick<ForwardSettings, 'url' | 'timeoutMs'>) {
    this.#url = new URL(url);
    this.#timeoutMs = timeoutMs;
    const options = { keepAlive: true, timeout: IDLE_MS_MAX };
    // Certificates are verified, whatever the environment says.
    this.#agent =
      this.#url.protocol === 'https:'
        ? new TlsAgent({ ...options, rejectUnauthorized: true })
        : new Agent(options);
  }

  /** Sends one request. Resolves with the status of the answer, or with why there is none, within the time limit. Never rejects. */
  post({ headers, body }: AttemptRequest): Promise<Response> {
    const { promise, resolve } = Promise.withResolvers<Response>();
    const send = this.#url.protocol === 'https:' ? requestHttps : requestHttp;
    const request = send(this.#url, { method: 'POST', agent: this.#agent, headers });
    let response: Response | null = null;
    const end = (otherwise: Response): void => {
      clearTimeout(timer);
      this.#inFlight.delete(request);
      // An answer counts, also where its body never ended.
      resolve(response ?? otherwise);
    };
    const timer = setTimeout(
      () => request.destroy(new Error(`no answer within ${this.#timeoutMs / 1_000} s`)),
      this.#timeoutMs,
    );
    this.#inFlight.add(request);
    request.on('error', (error) => end(error === ABORTED ? { aborted: true } : failureOf(error)));
    request.once('response', (answer) => {
      response = {
        status: answer.statusCode ?? 0,
        retryAfter: answer.headers['retry-after'] ?? null,
      };
      discard(answer, () => end({ error: 'no answer' }));
    });
    // An answer 101, which nobody asked for: Node reports neither an answer nor an error otherwise.
    request.once('upgrade', ({ statusCode = 0 }, socket) => {
      response = { status: statusCode, retryAfter: null };
      socket.destroy();
    });
    request.once('close', () => end({ error: 'no answer' }));
    request.end(body);
    return promise;
  }

  /** Ends the requests in flight: they resolve as aborted, where no answer has come. */
  abort(): void {
    for (const request of this.#inFlight) request.destroy(ABORTED);
  }
}

const ABORTED = new Error('aborted');

function discard(answer: IncomingMessage, ended: () => void): void {
  let bytes = 0;
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) answer.destroy();
  });
  // A connection that was lost meanwhile is no error: the status has come.
  answer.on('error', ended);
  answer.once('end', ended);
  answer.once('close', ended);
}

function failureOf(error: NodeJS.ErrnoException): Response {
  // An error of several addresses has no message of its own.
  return { error: (error.message || error.code || error.name).slice(0, ERROR_UNITS_MAX) };
}
