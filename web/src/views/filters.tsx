// The filters of the list: sender, since when, and a part of the text.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../icon.tsx';

export interface Filter {
  readonly from: string;
  /** An instant, or empty. */
  readonly since: string;
  readonly q: string;
}

const TYPING_MS = 250;

export function Filters({ filter, change }: { filter: Filter; change: (filter: Filter) => void }) {
  const [typed, setTyped] = useState(filter);
  const timer = useRef(0);
  // The back button and links change the filter from outside.
  useEffect(() => setTyped(filter), [filter.from, filter.since, filter.q]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const edit = (part: Partial<Filter>): void => {
    const next = { ...typed, ...part };
    setTyped(next);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => change({ ...next, from: next.from.trim() }), TYPING_MS);
  };
  return (
    <form
      class="filters"
      role="search"
      aria-label="Messages"
      onSubmit={(event) => event.preventDefault()}
    >
      <label class="field grow">
        <span>Text contains</span>
        <span class="with-icon">
          <Icon name="search" />
          <input
            type="search"
            name="q"
            value={typed.q}
            onInput={(event) => edit({ q: event.currentTarget.value })}
          />
        </span>
      </label>
      <label class="field">
        <span>Sender</span>
        <input
          class="mono"
          type="text"
          inputMode="tel"
          name="from"
          placeholder="+919876543210"
          value={typed.from}
          onInput={(event) => edit({ from: event.currentTarget.value })}
        />
      </label>
      <label class="field">
        <span>Since</span>
        <input
          type="datetime-local"
          name="since"
          step="1"
          value={localOf(typed.since)}
          onInput={(event) => edit({ since: instantOf(event.currentTarget.value) })}
        />
      </label>
      <button
        class="button"
        type="button"
        disabled={filter.q + filter.from + filter.since === ''}
        onClick={() => edit({ q: '', from: '', since: '' })}
      >
        Clear
      </button>
    </form>
  );
}

/** An instant as the input shows it: in the viewer's zone, to the second. */
function localOf(since: string): string {
  const date = new Date(since);
  if (since === '' || Number.isNaN(date.getTime())) return '';
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function instantOf(local: string): string {
  const date = new Date(local);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().replace('.000Z', 'Z');
}
