// What came of an action, said aloud when it is there.
import type { Result } from '../action.ts';
import { Icon } from '../icon.tsx';

export function Outcome({ result }: { result: Result | null }) {
  return (
    <div class="outcome" aria-live="polite">
      {result !== null && (
        <p class={result.good ? 'notice good' : 'notice bad'}>
          <Icon name={result.good ? 'ok' : 'bad'} />
          <span class="breaking">{result.words}</span>
        </p>
      )}
    </div>
  );
}
