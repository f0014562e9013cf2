// The buttons over the dead letters: retry and discard, of those that were chosen or of all, and what came of it.
import { useState } from 'preact/hooks';
import { formatCount } from '../format.ts';
import { discard, retry, type Destination } from '../forward-api.ts';
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
  // What was chosen when it was asked, whatever is chosen after that.
  const [asking, ask] = useState<readonly string[] | null>(null);
  const { busy, result, run } = useAction();
  const act = (request: typeof retry, ids: readonly string[], words: string): void =>
    void run(async () => {
      const count = await request(name, ids.length === 0 ? { all: true } : { ids: [...ids] });
      changed();
      return `${items(count)} ${words}.`;
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
              onClick={() => act(retry, chosen, 'will be attempted again')}
            >
              Retry {scopeOf(chosen)}
            </button>
          )}
          <button class="button" type="button" disabled={busy} onClick={() => ask(chosen)}>
            Discard {scopeOf(chosen)}
          </button>
        </div>
      )}
      <Outcome result={result} />
      {asking !== null && (
        <Confirm
          title={`Discard ${scopeOf(asking)}?`}
          action={`Discard ${scopeOf(asking)}`}
          close={(confirmed) => {
            ask(null);
            if (confirmed) act(discard, asking, 'will not be forwarded');
          }}
        >
          <Warning name={name} count={asking.length} dead={destination.dead} />
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

/** Which dead letters: all where no ids were chosen. */
function scopeOf(ids: readonly string[]): string {
  return ids.length === 0 ? 'all' : `${formatCount(ids.length)} chosen`;
}

function items(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'item' : 'items'}`;
}
