// One event with its payload and its delivery.
import { ApiError } from '../api.ts';
import { Time } from '../instant.tsx';
import { getEvent, type FullEvent } from '../item-api.ts';
import { usePolled } from '../polled.ts';
import { hrefOf } from '../route.ts';
import { CopyButton } from './copy-button.tsx';
import { DeliveryButton } from './delivery-button.tsx';
import { Forwarded } from './forwarded.tsx';
import { Panel } from './panel.tsx';
import { Payload } from './payload.tsx';

/** An event never changes, but it may be removed. */
const POLL_MS = 60_000;

export function EventDetail({ id, close }: { id: string; close: () => void }) {
  const { data, error } = usePolled(id, POLL_MS, (signal) => getEvent(id, signal));
  const event = data?.event_id === id ? data : null;
  return (
    <Panel title="Event" of={id} close={close}>
      {event === null ? <Waiting error={error} /> : <Body event={event} />}
    </Panel>
  );
}

function Waiting({ error }: { error: Error | null }) {
  if (error === null) return <p class="muted">Loading</p>;
  const missing = error instanceof ApiError && error.status === 404;
  return (
    <p class="bad-text" role="alert">
      {missing ? 'No event has this id.' : `It cannot be loaded: ${error.message}.`}
    </p>
  );
}

function Body({ event }: { event: FullEvent }) {
  return (
    <>
      <dl class="fields">
        <dt>Type</dt>
        <dd class="mono breaking">{event.type}</dd>
        <dt>Source</dt>
        <dd>
          <a href={hrefOf('events', { source: event.source })}>{event.source}</a>
        </dd>
        {event.subject !== null && (
          <>
            <dt>About</dt>
            <dd class="mono breaking">
              <a href={hrefOf('message', { id: event.subject })}>{event.subject}</a>
              <a class="block" href={hrefOf('events', { subject: event.subject })}>
                All events about it
              </a>
            </dd>
          </>
        )}
        <dt>Time</dt>
        <dd>
          <Time ts={event.ts} fully />
          <span class="mono muted block">{event.ts}</span>
        </dd>
        <dt>Arrived</dt>
        <dd>
          <Time ts={event.received_at} fully />
        </dd>
        <dt>Id</dt>
        <dd class="mono breaking">{event.event_id}</dd>
      </dl>
      <Forwarded key={event.seq} seq={event.seq} />
      {event.payload === null ? (
        <p class="muted">The post could not be read. Download it to see what came.</p>
      ) : (
        <Payload json={event.payload} />
      )}
      <div class="actions">
        <CopyButton label="Copy the id" text={() => event.event_id} />
        <DeliveryButton number={event.delivery} />
      </div>
    </>
  );
}
