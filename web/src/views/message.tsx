// One message as a page of its own, by its id in the address.
import { ApiError } from '../api.ts';
import { fieldsOf } from '../item-api.ts';
import { hrefOf } from '../route.ts';
import { MessageBody, useMessage } from './message-body.tsx';

const NOT_FOUND = 404;

export function MessagePage({ id }: { id: string }) {
  const known = useMessage(id);
  const { data, error } = known;
  if (data !== null)
    return (
      <section class="card page detail" aria-labelledby="message">
        <div class="card-head">
          <h2 id="message">Message</h2>
          <a class="quiet" href={hrefOf('messages')}>
            All messages
          </a>
        </div>
        <MessageBody message={fieldsOf(data)} known={known} search="" />
      </section>
    );
  if (error instanceof ApiError && error.status === NOT_FOUND) return <Missing id={id} />;
  return (
    <section class="card page empty">
      <h2>Message</h2>
      {error === null ? (
        <p role="status">Loading</p>
      ) : (
        <p class="bad-text" role="alert">
          It cannot be loaded: {error.message}. This page retries automatically.
        </p>
      )}
    </section>
  );
}

function Missing({ id }: { id: string }) {
  return (
    <section class="card page empty">
      <h2>No message has this id</h2>
      <p class="mono breaking">{id}</p>
      <p>
        It may be one that you have sent: of those, only the statuses arrive. See{' '}
        <a href={hrefOf('events', { subject: id })}>the events about it</a>, or{' '}
        <a href={hrefOf('messages')}>all messages</a>.
      </p>
    </section>
  );
}
