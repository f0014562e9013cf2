// A message: its fields at once, then what is only in its own answer: source, kind, payload, statuses and conflicts.
import type { Message } from '../api.ts';
import { curlFor } from '../curl.ts';
import { Time } from '../instant.tsx';
import { getMessage, type FullMessage } from '../item-api.ts';
import { usePolled, type Polled } from '../polled.ts';
import { hrefOf } from '../route.ts';
import { DEFAULT_SOURCE } from '../sources.ts';
import { Conflicts } from './conflicts.tsx';
import { CopyButton } from './copy-button.tsx';
import { DeliveryButton } from './delivery-button.tsx';
import { Forwarded } from './forwarded.tsx';
import { Marked } from './marked.tsx';
import { Payload } from './payload.tsx';
import { Statuses } from './statuses.tsx';

/** Statuses come while a message is read. */
const POLL_MS = 5_000;

interface MessageBodyProps {
  readonly message: Message;
  /** What `useMessage` gives for it. */
  readonly known: Polled<FullMessage>;
  readonly search: string;
  /** Whether to link to the page of the message. */
  readonly linked?: boolean;
}

/** The message in full; that of another id is null until it is there. */
export function useMessage(id: string): Polled<FullMessage> {
  const { data, error } = usePolled(id, POLL_MS, (signal) => getMessage(id, signal));
  return { data: data?.message_id === id ? data : null, error };
}

export function MessageBody({ message, known, search, linked = false }: MessageBodyProps) {
  const { data, error } = known;
  return (
    <>
      {message.text === null ? (
        <p class="muted">Without text.</p>
      ) : (
        <p class="message-text" dir="auto" tabIndex={0} role="region" aria-label="Text">
          <Marked text={message.text} search={search} />
        </p>
      )}
      <Fields message={message} full={data} />
      {error !== null && data === null && (
        <p class="bad-text">The rest cannot be loaded: {error.message}.</p>
      )}
      {data !== null && <Known message={data} />}
      <div class="actions">
        <CopyButton label="Copy as JSON" text={() => JSON.stringify(message, null, 2)} />
        {data?.source === DEFAULT_SOURCE && (
          <CopyButton label="Copy as curl" text={() => curlFor(message)} />
        )}
        <DeliveryButton number={data?.delivery ?? null} />
        {linked && (
          <a class="button" href={hrefOf('message', { id: message.message_id })}>
            Open as a page
          </a>
        )}
      </div>
    </>
  );
}

/** What is only in the answer for this message alone. */
function Known({ message }: { message: FullMessage }) {
  const { statuses, conflicts, payload } = message;
  return (
    <>
      <Forwarded key={message.seq} seq={message.seq} />
      {statuses.length > 0 && <Statuses events={statuses} />}
      {conflicts.length > 0 && <Conflicts message={message} conflicts={conflicts} />}
      {payload !== null && <Payload json={payload} />}
    </>
  );
}

function Fields({ message, full }: { message: Message; full: FullMessage | null }) {
  return (
    <dl class="fields">
      <dt>From</dt>
      <dd class="mono breaking">
        <a href={hrefOf('messages', { from: message.from })}>{message.from}</a>
      </dd>
      <dt>To</dt>
      <dd class="mono breaking">{message.to}</dd>
      <dt>Sent</dt>
      <dd>
        <Time ts={message.ts} fully />
        <span class="mono muted block">{message.ts}</span>
      </dd>
      <dt>Id</dt>
      <dd class="mono breaking">{message.message_id}</dd>
      {full !== null && (
        <>
          <dt>Source</dt>
          <dd>
            <a href={hrefOf('messages', { source: full.source })}>{full.source}</a>
            {full.kind !== null && <span class="muted">, {full.kind}</span>}
          </dd>
          <dt>Arrived</dt>
          <dd>
            <Time ts={full.received_at} fully />
          </dd>
        </>
      )}
    </dl>
  );
}
