// The buttons over the dead letters: retry and discard, of those that were chosen or of all, and what came of it.
import { useState } from 'preact/hooks';
import { formatCount } from '../format.ts';
import { discard, retry, type Chosen, type Destination } from '../forward-api.ts';
import { useAction } from '../action.ts';
import { Confirm } from './confirm.tsx';
import { Outcome } from './outcome.tsx';

interface DeadActionsProps {
  readonly destination: Destination;
  /** The ids that were chosen; none means all. */
  readonly chosen: readonly string[];
  /** Whether there is nothing to act on. What came of the last action is said all the same. */
  readonly empty: boolean;
  readonly changed: () => void;
}

export function DeadActions({ destination, chosen, empty, changed }: DeadActionsProps) {
  const { name, state } = destination;
  const [asking, ask] = useState(false);
  const { busy, result, run } = useAction();
  const which: Chosen = chosen.length === 0 ? { all: true } : { ids: chosen };
  const scope = chosen.length === 0 ? 'all' : `${formatCount(chosen.length)} chosen`;
  const act = (request: typeof retry, words: (count: number) => string): void =>
    void run(async () => {
      const count = await request(name, which);
      changed();
      return words(count);
    });
  return (
    <div>
      {!empty && (
        <div class="actions">
          {state !== 'removed' && (
            <button
              class="button"
              type="button"
              disabled={busy}
              onClick={() => act(retry, (count) => `${items(count)} will be attempted again.`)}
            >
              Retry {scope}
            </button>
          )}
          <button class="button" type="button" disabled={busy} onClick={() => ask(true)}>
            Discard {scope}
          </button>
        </div>
      )}
      <Outcome result={result} />
      {asking && (
        <Confirm
          title={`Discard ${scope}?`}
          action={`Discard ${scope}`}
          close={(confirmed) => {
            ask(false);
            if (confirmed) act(discard, (count) => `${items(count)} will not be forwarded.`);
          }}
        >
          <Warning name={name} count={chosen.length} dead={destination.dead} />
        </Confirm>
      )}
    </div>
  );
}

/** `count`: how many were chosen; 0 for all of `dead`. */
function Warning({ name, count, dead }: { name: string; count: number; dead: number }) {
  return (
    <p>
      {count > 0
        ? `${items(count)} will not be forwarded to ${name}.`
        : `All dead letters of ${name}, ${formatCount(dead)} at the moment, will not be forwarded.`}{' '}
      What is discarded stays in the inbox, and a replay can send it again.
    </p>
  );
}

function items(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'item' : 'items'}`;
}
