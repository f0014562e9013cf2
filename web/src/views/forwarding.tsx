// Forwarding: every destination with its state, or one of them with its dead letters and a replay.
import type { Destination } from '../forward-api.ts';
import { useDestinations } from '../forwards.ts';
import { hrefOf } from '../route.ts';
import { ConfigureForwarding } from './configure-forwarding.tsx';
import { DeadLetters } from './dead-letters.tsx';
import { DestinationCard } from './destination-card.tsx';
import { Replay } from './replay.tsx';

export function Forwarding({ parameters }: { parameters: URLSearchParams }) {
  const { data, error } = useDestinations();
  const name = parameters.get('name') ?? '';
  return (
    <div class="sources">
      {error !== null && (
        <p class="notice bad" role="alert">
          Forwarding cannot be read: {error.message}. This page retries automatically.
        </p>
      )}
      {data === null && error === null && <p class="card empty">Loading</p>}
      {data !== null && name === '' && <All destinations={data} />}
      {data !== null && name !== '' && (
        <One
          key={name}
          destination={data.find((each) => each.name === name)}
          cursor={parameters.get('cursor') ?? ''}
        />
      )}
    </div>
  );
}

function All({ destinations }: { destinations: readonly Destination[] }) {
  if (destinations.length === 0) return <ConfigureForwarding />;
  return (
    <div class="source-cards">
      {destinations.map((destination) => (
        <DestinationCard key={destination.name} destination={destination} linked />
      ))}
    </div>
  );
}

/** `cursor`: where its page of dead letters begins; empty for the first page. */
function One({ destination, cursor }: { destination: Destination | undefined; cursor: string }) {
  const all = <a href={hrefOf('forwarding')}>All destinations</a>;
  if (destination === undefined)
    return (
      <section class="card empty">
        <h2>No destination has this name</h2>
        <p>{all}</p>
      </section>
    );
  return (
    <div class="sources one">
      <p>{all}</p>
      <DestinationCard destination={destination} />
      <DeadLetters destination={destination} cursor={cursor} />
      {destination.state !== 'removed' && <Replay name={destination.name} />}
    </div>
  );
}
