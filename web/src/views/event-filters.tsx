// The filters of the events: source, type, what they are about, and when.
import { InstantField, SourceChoice, useTyped } from './fields.tsx';

/** An interface would not be a record of texts to the compiler. */
export type EventFilter = {
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  /** Instants, or empty. */
  readonly since: string;
  readonly until: string;
};

const NONE: EventFilter = { source: '', type: '', subject: '', since: '', until: '' };
/** The types that Oncebox makes itself; providers have many more. */
const TYPES = ['status', 'unparsed', 'conflict'];

interface EventFiltersProps {
  readonly filter: EventFilter;
  readonly sources: readonly string[];
  readonly change: (filter: EventFilter) => void;
}

export function EventFilters({ filter, sources, change }: EventFiltersProps) {
  const [typed, edit] = useTyped(filter, ({ type, subject, ...rest }) =>
    change({ ...rest, type: type.trim(), subject: subject.trim() }),
  );
  return (
    <form
      class="filters event-filters"
      role="search"
      aria-label="Events"
      onSubmit={(event) => event.preventDefault()}
    >
      <SourceChoice names={sources} value={typed.source} change={(source) => edit({ source })} />
      <label class="field">
        <span>Type</span>
        <input
          class="mono"
          type="text"
          name="type"
          list="event-types"
          autocomplete="off"
          value={typed.type}
          onInput={(event) => edit({ type: event.currentTarget.value })}
        />
      </label>
      <datalist id="event-types">
        {TYPES.map((type) => (
          <option key={type} value={type} />
        ))}
      </datalist>
      <label class="field grow">
        <span>About (id)</span>
        <input
          class="mono"
          type="text"
          name="subject"
          autocomplete="off"
          value={typed.subject}
          onInput={(event) => edit({ subject: event.currentTarget.value })}
        />
      </label>
      <InstantField
        label="Since"
        name="since"
        value={typed.since}
        change={(since) => edit({ since })}
      />
      <InstantField
        label="Until"
        name="until"
        value={typed.until}
        change={(until) => edit({ until })}
      />
      <button
        class="button"
        type="button"
        disabled={Object.values(filter).every((value) => value === '')}
        onClick={() => edit(NONE)}
      >
        Clear
      </button>
    </form>
  );
}
