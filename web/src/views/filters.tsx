// The filters of the list: sender, since when, a part of the text, and source.
import { Icon } from '../icon.tsx';
import { InstantField, SourceChoice, useTyped } from './fields.tsx';

/** An interface would not be a record of texts to the compiler. */
export type Filter = {
  readonly from: string;
  /** An instant, or empty. */
  readonly since: string;
  readonly q: string;
  readonly source: string;
};

interface FiltersProps {
  readonly filter: Filter;
  /** The sources that there are. */
  readonly sources: readonly string[];
  readonly change: (filter: Filter) => void;
}

export function Filters({ filter, sources, change }: FiltersProps) {
  const [typed, edit] = useTyped(filter, (next) => change({ ...next, from: next.from.trim() }));
  const choosable = sources.length > 1 || filter.source !== '';
  return (
    <form
      class={choosable ? 'filters with-source' : 'filters'}
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
      <InstantField
        label="Since"
        name="since"
        value={typed.since}
        change={(since) => edit({ since })}
      />
      {choosable && (
        <SourceChoice names={sources} value={typed.source} change={(source) => edit({ source })} />
      )}
      <button
        class="button"
        type="button"
        disabled={Object.values(filter).every((value) => value === '')}
        onClick={() => edit({ q: '', from: '', since: '', source: '' })}
      >
        Clear
      </button>
    </form>
  );
}
