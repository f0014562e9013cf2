// What both routes have that do something to dead letters.
import type { Failure } from './openapi/failures.ts';
import type { DeadSelection, ForwardStore } from '../storage/store.ts';
import { isDestination } from './destination-name.ts';
import { readJson } from './json-body.ts';
import { deadSelection } from './openapi/forward-schemas.ts';
import { errorReply, okJson } from './replies.ts';
import type { Handler } from './route.ts';

/** How a request that steers a destination may fail. */
export const STEERING_FAILURES: readonly Failure[] = [
  'steering_closed',
  'no_such_destination',
  'list_too_large',
  'not_json',
  'validation_error',
  'internal_error',
  'unavailable',
];

/** Returns the handler that does something to dead letters of a destination; `done`: the key of how many, in the answer. */
export function changeDead(
  done: 'retried' | 'discarded',
  change: (store: ForwardStore, name: string, which: DeadSelection) => Promise<number>,
): Handler {
  return async (exchange, services) => {
    const { name } = exchange.target;
    const body = await readJson(exchange, services.bodies, deadSelection);
    if (body === null) return;
    if (!(await isDestination(services, name))) return exchange.send(errorReply('not_found'));
    const { ids } = body;
    const count = await change(services.store.forwards, name, ids === undefined ? 'all' : { ids });
    services.steered(name);
    exchange.send(okJson({ [done]: count }));
  };
}
