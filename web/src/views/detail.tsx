// One message with all its fields, to read and to copy.
import { useEffect, useRef } from 'preact/hooks';
import type { Message } from '../api.ts';
import { curlFor } from '../curl.ts';
import { Icon } from '../icon.tsx';
import { Time } from '../instant.tsx';
import { hrefOf } from '../route.ts';
import { CopyButton } from './copy-button.tsx';
import { Marked } from './marked.tsx';

interface DetailProps {
  readonly message: Message;
  readonly search: string;
  readonly close: () => void;
}

export function Detail({ message, search, close }: DetailProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const opener = useRef(document.activeElement);
  useEffect(() => heading.current?.focus({ preventScroll: true }), [message]);
  const leave = (): void => {
    close();
    if (opener.current instanceof HTMLElement) opener.current.focus({ preventScroll: true });
  };
  return (
    <section
      class="card detail"
      aria-labelledby="detail"
      onKeyDown={(event) => event.key === 'Escape' && leave()}
    >
      <div class="card-head">
        <h2 id="detail" tabIndex={-1} ref={heading}>
          Message
        </h2>
        <button
          class="icon-button"
          type="button"
          onClick={leave}
          aria-label="Close"
          title="Close (Escape)"
        >
          <Icon name="close" />
        </button>
      </div>
      {message.text === null ? (
        <p class="muted">Sent without text.</p>
      ) : (
        <p class="message-text" dir="auto" tabIndex={0} role="region" aria-label="Text">
          <Marked text={message.text} search={search} />
        </p>
      )}
      <dl class="fields">
        <dt>From</dt>
        <dd class="mono">
          <a href={hrefOf('messages', { from: message.from })}>{message.from}</a>
        </dd>
        <dt>To</dt>
        <dd class="mono">{message.to}</dd>
        <dt>Sent</dt>
        <dd>
          <Time ts={message.ts} fully />
          <span class="mono muted block">{message.ts}</span>
        </dd>
        <dt>Id</dt>
        <dd class="mono breaking">{message.message_id}</dd>
      </dl>
      <div class="actions">
        <CopyButton label="Copy as JSON" text={() => JSON.stringify(message, null, 2)} />
        <CopyButton label="Copy as curl" text={() => curlFor(message)} />
      </div>
    </section>
  );
}
