// The API of a running service, as the commands about forwarding call it.
import { detailOf, reasonOf } from '../delivery.ts';
import { CommandError } from '../exit.ts';

/** A step of a long replay takes some seconds; a service that answers nothing at all is given up. */
const RESPONSE_TIMEOUT_MS = 120_000;

export interface ForwardApiOptions {
  /** Where the service is, with its BASE_PATH. */
  readonly url: string;
  readonly token: string | null;
  readonly signal: AbortSignal;
}

export class ForwardApi {
  readonly #base: string;
  readonly #options: ForwardApiOptions;

  constructor(options: ForwardApiOptions) {
    this.#options = options;
    this.#base = options.url.replace(/\/+$/, '');
  }

  /** Resolves with the body of a read. Rejects with CommandError where the service refuses it, or is not there, and when it is interrupted. */
  async get<Body extends object>(path: string): Promise<Body> {
    return (await this.#request(path, {})) as Body;
  }

  /** The same for what changes something. */
  async post<Body extends object>(path: string, body: object): Promise<Body> {
    const headers = { 'Content-Type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    return (await this.#request(path, init)) as Body;
  }

  async #request(path: string, init: RequestInit): Promise<object> {
    const { token, signal } = this.#options;
    const url = `${this.#base}${path}`;
    const headers = new Headers(init.headers);
    if (token !== null) headers.set('Authorization', `Bearer ${token}`);
    let status: number;
    let text: string;
    try {
      const response = await fetch(url, {
        ...init,
        headers,
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(RESPONSE_TIMEOUT_MS)]),
      });
      ({ status } = response);
      text = await response.text();
    } catch (error) {
      signal.throwIfAborted();
      throw new CommandError(`${this.#base} cannot be reached: ${reasonOf(error)}`);
    }
    if (status !== 200) throw new CommandError(this.#refusal(url, status, text));
    const body = objectIn(text);
    if (body === null) throw new CommandError(`${url} is not the API of Oncebox`);
    return body;
  }

  #refusal(url: string, status: number, text: string): string {
    const detail = detailOf(text);
    const words = typeof detail === 'string' ? detail : JSON.stringify(detail);
    if (status === 401)
      return this.#options.token === null
        ? 'the service asks for a token: set API_TOKEN to that of the service'
        : 'the service does not accept the token: is API_TOKEN that of the service?';
    if (status === 403) return `the service refuses to be steered: ${words}, where it runs`;
    if (status === 404)
      return `there is no ${url}: is it a destination that oncebox forward status lists?`;
    return `refused with ${status}: ${words}`;
  }
}

/** The object that a text of JSON is; null where it is none. */
function objectIn(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
