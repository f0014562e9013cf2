// Destinations of a service as its API shows them, and requests that steer them.
import { eventually } from './bounded.ts';
import type { Answer } from './request.ts';
import type { Service } from './service.ts';

/** The token of services that are steered. */
export const TOKEN = 'token-of-who-steers-4Kz';
export const authorized = { Authorization: `Bearer ${TOKEN}` };

export interface Shown {
  readonly name: string;
  readonly mode: string | null;
  readonly order: string | null;
  readonly url: string | null;
  readonly state: string;
  readonly position: number;
  readonly last_seq: number;
  readonly behind: number;
  readonly dead: number;
  readonly delivered: number;
  readonly last_error: string | null;
}

/** Reads a path with the token. */
export function read(service: Service, path: string): Promise<Answer> {
  return service.send({ path, headers: authorized });
}

/** Steers a destination with the token. */
export function steer(service: Service, path: string, body: object): Promise<Answer> {
  const headers = { ...authorized, 'Content-Type': 'application/json' };
  return service.send({ method: 'POST', path, headers, body: JSON.stringify(body) });
}

/** Resolves with a destination once it is as `is` wants it. */
export function shown(
  service: Service,
  name: string,
  is: (one: Shown) => boolean = () => true,
): Promise<Shown> {
  return eventually(`the destination ${name}`, async () => {
    const { data } = (await read(service, '/forwards')).json() as { data: readonly Shown[] };
    return data.find((one) => one.name === name && is(one));
  });
}

/** Whether nothing is left to be done for it. */
export const isIdle = ({ behind, last_seq }: Shown): boolean => behind === 0 && last_seq > 0;
