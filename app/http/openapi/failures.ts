// The responses of refusals and failures, as operations share them. Statuses and bodies are those of the catalogue.
import { type SentError, errorReply, invalid } from '../replies.ts';
import type { Described } from './response.ts';
import { notReady, problem, validationError } from './schemas.ts';

type DescribedFailure = Described & { readonly status: number };

const RETRY_AFTER = { 'Retry-After': 'Seconds to wait.' };
const ALLOW = { Allow: 'The methods that it has.' };

/** Returns the description of a failure whose body is its `detail`. */
function failure(code: SentError, description: string, headers: Described['headers'] = {}) {
  const { status, body } = errorReply(code);
  const example = JSON.parse(body) as unknown;
  return { status, description, schema: problem, example, headers };
}

export type Failure =
  | 'invalid_signature'
  | 'unauthorized'
  | 'handshake_refused'
  | 'steering_closed'
  | 'payload_too_large'
  | 'list_too_large'
  | 'not_json'
  | 'validation_error'
  | 'no_such_item'
  | 'no_such_source'
  | 'no_such_destination'
  | 'no_handshake'
  | 'internal_error'
  | 'unavailable'
  | 'not_ready';

export const FAILURES: Readonly<Record<Failure, DescribedFailure>> = {
  invalid_signature: failure('invalid_signature', 'The signature is missing or wrong.'),
  unauthorized: failure('unauthorized', 'The service has an API token, and this was not it.', {
    'WWW-Authenticate': 'Bearer',
  }),
  handshake_refused: failure('handshake_refused', 'The verify token is missing or wrong.'),
  steering_closed: failure('steering_closed', 'The service has no API token.'),
  payload_too_large: failure('payload_too_large', 'The body is longer than `MAX_BODY_BYTES`.'),
  list_too_large: failure('payload_too_large', 'The body is longer than 1 MiB.'),
  not_json: failure('unsupported_media_type', 'The body is not declared as JSON.'),
  validation_error: {
    status: invalid([]).status,
    description: 'One entry for each thing that does not fit.',
    schema: validationError,
  },
  no_such_item: failure('not_found', 'There is none with this id.'),
  no_such_source: failure('not_found', 'There is no source of this name.'),
  no_such_destination: failure('not_found', 'There is no destination of this name.'),
  no_handshake: failure('method_not_allowed', 'The scheme of the source has none.', ALLOW),
  internal_error: failure('internal_error', 'An error in the service.'),
  unavailable: failure(
    'other',
    'The store cannot serve the request now. Try again later.',
    RETRY_AFTER,
  ),
  not_ready: {
    status: errorReply('other').status,
    description: 'A check does not hold; `checks` says which.',
    schema: notReady,
    headers: RETRY_AFTER,
  },
};

/** Responses to requests for which there is no operation. */
export const WITHOUT_OPERATION: readonly DescribedFailure[] = [
  failure('not_found', 'There is no such path.'),
  failure('method_not_allowed', 'The path has other methods.', ALLOW),
];
