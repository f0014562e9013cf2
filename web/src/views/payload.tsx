// JSON as the provider wrote it, one member a line.
import { useMemo } from 'preact/hooks';
import { indented } from '../json-tokens.ts';
import { CopyButton } from './copy-button.tsx';

/** More is slow to draw, and nobody reads it: the copy and the delivery have all of it. */
const LENGTH_MAX = 200_000;

export function Payload({ json }: { json: string }) {
  const text = useMemo(() => indented(json, LENGTH_MAX), [json]);
  return (
    <div class="payload">
      <div class="card-head">
        <h3>Payload</h3>
        <CopyButton label="Copy" what="the payload" small text={() => json} />
      </div>
      {text === null ? (
        <p class="muted">It is too long to be shown. Copy it, or download the delivery.</p>
      ) : (
        <pre class="code" tabIndex={0} role="region" aria-label="Payload of the provider">
          {text}
        </pre>
      )}
    </div>
  );
}
