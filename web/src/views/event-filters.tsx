// The filters of the events: source, type, what they are about, and when.
import { FilterForm, InstantField, SourceChoice, TextField, useTyped } from './fields.tsx';

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
    <FilterForm
      label="Events"
      className="filters event-filters"
      filter={filter}
      clear={() => edit(NONE)}
    >
      <SourceChoice names={sources} value={typed.source} change={(source) => edit({ source })} />
      <TextField
        label="Type"
        name="type"
        list="event-types"
        value={typed.type}
        change={(type) => edit({ type })}
      />
      <datalist id="event-types">
        {TYPES.map((type) => (
          <option key={type} value={type} />
        ))}
      </datalist>
      <TextField
        label="About (id)"
        name="subject"
        wide
        value={typed.subject}
        change={(subject) => edit({ subject })}
      />
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
    </FilterForm>
  );
}
