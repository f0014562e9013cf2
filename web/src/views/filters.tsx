// The filters of the list: sender, since when, a part of the text, and source.
import { Icon } from '../icon.tsx';
import { FilterForm, InstantField, SourceChoice, TextField, useTyped } from './fields.tsx';

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
    <FilterForm
      label="Messages"
      className={choosable ? 'filters with-source' : 'filters'}
      filter={filter}
      clear={() => edit({ q: '', from: '', since: '', source: '' })}
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
      <TextField
        label="Sender"
        name="from"
        inputMode="tel"
        placeholder="+919876543210"
        value={typed.from}
        change={(from) => edit({ from })}
      />
      <InstantField
        label="Since"
        name="since"
        value={typed.since}
        change={(since) => edit({ since })}
      />
      {choosable && (
        <SourceChoice names={sources} value={typed.source} change={(source) => edit({ source })} />
      )}
    </FilterForm>
  );
}
