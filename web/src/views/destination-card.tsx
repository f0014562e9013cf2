// One destination: its state and why, how far it is, and its last error.
import { formatCount, formatRate } from '../format.ts';
import type { Destination } from '../forward-api.ts';
import { MODE_WORDS, ORDER_WORDS, reasonWords } from '../forwards.ts';
import { Time } from '../instant.tsx';
import { hrefOf } from '../route.ts';
import { Badge } from './badge.tsx';

/** `linked`: whether to link to the page of the destination. */
export function DestinationCard(props: {
  readonly destination: Destination;
  readonly linked?: boolean;
}) {
  const { destination, linked = false } = props;
  const { name, state } = destination;
  return (
    <section class="card source" aria-labelledby={`destination-${name}`}>
      <div class="card-head">
        <h2 id={`destination-${name}`}>
          {linked ? <a href={hrefOf('forwarding', { name })}>{name}</a> : name}
        </h2>
        <Badge condition={state} />
      </div>
      <Reason destination={destination} />
      <Counts destination={destination} linked={linked} />
      <dl class="fields wide">
        <dt>Oldest unfinished</dt>
        <dd>
          {destination.oldest_unfinished === null ? (
            <span class="muted">none</span>
          ) : (
            <Time ts={destination.oldest_unfinished} />
          )}
        </dd>
        <dt>Position</dt>
        <dd class="number">
          {formatCount(destination.position)} of {formatCount(destination.last_seq)}
        </dd>
        {state !== 'removed' && (
          <>
            <dt>Rate</dt>
            <dd>
              {formatRate(destination.rate_per_second)}{' '}
              <span class="muted">over the last minute</span>
            </dd>
          </>
        )}
        <Target destination={destination} />
        <dt>Last error</dt>
        <dd>
          <LastError destination={destination} />
        </dd>
      </dl>
    </section>
  );
}

function Reason({ destination }: { destination: Destination }) {
  const words = reasonWords(destination);
  if (words === null) return null;
  return (
    <p class={destination.state === 'disabled' ? 'notice bad' : 'notice warn'}>
      <span class="breaking">{words}</span>
    </p>
  );
}

function Counts({ destination, linked }: { destination: Destination; linked: boolean }) {
  const { name, behind, retrying, waiting, dead, delivered } = destination;
  const deadLetters = (
    <>
      <strong class="number">{formatCount(dead)}</strong>{' '}
      {dead === 1 ? 'dead letter' : 'dead letters'}
    </>
  );
  return (
    <ul class="counts">
      <Count of={behind} words="behind" />
      <Count of={retrying} words="retrying" />
      <Count of={waiting} words="waiting" />
      <li class={dead > 0 ? 'bad-text' : ''}>
        {linked ? <a href={hrefOf('forwarding', { name })}>{deadLetters}</a> : deadLetters}
      </li>
      <Count of={delivered} words="delivered" />
    </ul>
  );
}

function Count({ of, words }: { of: number; words: string }) {
  return (
    <li>
      <strong class="number">{formatCount(of)}</strong> {words}
    </li>
  );
}

function Target({ destination: { url, mode, order } }: { destination: Destination }) {
  return (
    <>
      {url !== null && (
        <>
          <dt>URL</dt>
          <dd>
            <code class="breaking">{url}</code>
          </dd>
        </>
      )}
      {mode !== null && (
        <>
          <dt>Requests</dt>
          <dd>
            {MODE_WORDS[mode]}
            {order !== null && `, ${ORDER_WORDS[order]}`}
          </dd>
        </>
      )}
    </>
  );
}

function LastError({ destination }: { destination: Destination }) {
  const { last_error: error, last_error_at: at } = destination;
  if (error === null) return <span class="muted">none since the service started</span>;
  return (
    <>
      {at !== null && <Time ts={at} />}
      <span class="block breaking">{error}</span>
    </>
  );
}
