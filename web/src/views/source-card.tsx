// One source: its condition, what came from it, its last failure, and the URL and token for its provider.
import type { ComponentChildren } from 'preact';
import { formatCount } from '../format.ts';
import { Time } from '../instant.tsx';
import type { SourceState } from '../item-api.ts';
import { hrefOf } from '../route.ts';
import { conditionOf, DEFAULT_SOURCE, lastReceived, refusalWords, settingOf } from '../sources.ts';
import { Badge } from './badge.tsx';
import { CopyButton } from './copy-button.tsx';

export function SourceCard({ source }: { source: SourceState }) {
  const { source: name, scheme, path } = source;
  const condition = conditionOf(source, Date.now());
  return (
    <section class="card source" aria-labelledby={`source-${name}`}>
      <div class="card-head">
        <h2 id={`source-${name}`}>
          {name} <span class="muted">{scheme ?? 'unknown scheme'}</span>
        </h2>
        <Badge condition={condition} />
      </div>
      <Counts source={source} />
      <dl class="fields wide">
        <dt>Last delivery</dt>
        <dd>
          <Instant ts={lastReceived(source)} />
        </dd>
        <dt>Last failure</dt>
        <dd>
          <Failure source={source} />
        </dd>
        {source.previous_secret && (
          <>
            <dt>Previous secret</dt>
            <dd>
              <Previous ts={source.previous_secret_last_used} />
            </dd>
          </>
        )}
        {path !== null && (
          <ToPaste name="URL" value={location.origin + path} what={`the URL of ${name}`} />
        )}
        {scheme === 'meta' && (
          <ToPaste
            name="Verify token"
            value={settingOf(name, 'VERIFY_TOKEN')}
            what="the name of the setting"
          >
            <span class="block">The value of this setting:</span>
          </ToPaste>
        )}
        {scheme === 'twilio' && (
          <>
            <dt>Signed URL</dt>
            <dd>
              Twilio signs its URL: the one entered there must be the same as{' '}
              <code>{settingOf(name, 'PUBLIC_URL')}</code>.
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

function Counts({ source: { source, messages, events, deliveries } }: { source: SourceState }) {
  return (
    <ul class="counts">
      <li>
        <a href={hrefOf('messages', { source })}>
          <Count of={messages} one="message" many="messages" />
        </a>
      </li>
      <li>
        <a href={hrefOf('events', { source })}>
          <Count of={events} one="event" many="events" />
        </a>
      </li>
      {source !== DEFAULT_SOURCE && (
        <li>
          <Count of={deliveries} one="delivery kept" many="deliveries kept" />
        </li>
      )}
    </ul>
  );
}

function Count({ of, one, many }: { of: number; one: string; many: string }) {
  return (
    <>
      <strong class="number">{formatCount(of)}</strong> {of === 1 ? one : many}
    </>
  );
}

function Instant({ ts }: { ts: string | null }) {
  return ts === null ? <span class="muted">none yet</span> : <Time ts={ts} />;
}

function Failure({ source: { last_failure: failure } }: { source: SourceState }) {
  if (failure === null) return <span class="muted">none since the service started</span>;
  return (
    <>
      <Time ts={failure.at} /> <span class="mono muted">{failure.reason}</span>
      <span class="block">{refusalWords(failure.reason)}</span>
      {failure.hint !== null && (
        <span class="block">
          Hint: <strong>{failure.hint}</strong>
        </span>
      )}
    </>
  );
}

function Previous({ ts }: { ts: string | null }) {
  return ts === null ? (
    <>Accepted, and not used since the service started.</>
  ) : (
    <>
      Still in use: last at <Time ts={ts} />.
    </>
  );
}

/** A value for the provider, with a button that copies it. */
function ToPaste(props: {
  readonly name: string;
  readonly value: string;
  readonly what: string;
  readonly children?: ComponentChildren;
}) {
  const { name, value, what, children } = props;
  return (
    <>
      <dt>{name}</dt>
      <dd class="to-paste">
        <span>
          {children}
          <code class="breaking">{value}</code>
        </span>
        <CopyButton label="Copy" what={what} small text={() => value} />
      </dd>
    </>
  );
}
