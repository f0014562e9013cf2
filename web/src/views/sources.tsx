// The sources: what each receives, what went wrong with it, and what to enter at its provider.
import { useSources } from '../sources.ts';
import { Connect, PrivateAddress } from './connect.tsx';
import { SourceCard } from './source-card.tsx';

export function Sources() {
  const { data, error } = useSources();
  return (
    <div class="sources">
      {error !== null && (
        <p class="notice bad" role="alert">
          The sources cannot be read: {error.message}. This page retries automatically.
        </p>
      )}
      {data === null && error === null && <p class="card empty">Loading</p>}
      {data !== null && <PrivateAddress />}
      <div class="source-cards">
        {data?.map((source) => (
          <SourceCard key={source.source} source={source} />
        ))}
      </div>
      {data !== null && (
        <div class="card">
          <Connect sources={data} warned={false} />
        </div>
      )}
    </div>
  );
}
