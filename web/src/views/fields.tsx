// Forms of filters and their fields: what is typed takes effect when the typing pauses.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

const TYPING_MS = 250;

/**
 * What is typed into a form of filters, and what changes a part of it. `change` is called when the typing pauses. A filter that is
 * changed from outside, by the back button or a link, replaces what was typed.
 */
export function useTyped<Filter extends Readonly<Record<string, string>>>(
  filter: Filter,
  change: (filter: Filter) => void,
): [typed: Filter, edit: (part: Partial<Filter>) => void] {
  const [typed, setTyped] = useState(filter);
  const timer = useRef(0);
  useEffect(() => setTyped(filter), Object.values(filter));
  useEffect(() => () => clearTimeout(timer.current), []);
  const edit = (part: Partial<Filter>): void => {
    const next = { ...typed, ...part };
    setTyped(next);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => change(next), TYPING_MS);
  };
  return [typed, edit];
}

interface FilterFormProps {
  /** What is filtered. */
  readonly label: string;
  readonly className: string;
  readonly filter: Readonly<Record<string, string>>;
  readonly clear: () => void;
  readonly children: ComponentChildren;
}

export function FilterForm({ label, className, filter, clear, children }: FilterFormProps) {
  return (
    <form
      class={className}
      role="search"
      aria-label={label}
      onSubmit={(event) => event.preventDefault()}
    >
      {children}
      <button
        class="button"
        type="button"
        disabled={Object.values(filter).every((value) => value === '')}
        onClick={clear}
      >
        Clear
      </button>
    </form>
  );
}

interface TextFieldProps {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  readonly change: (value: string) => void;
  readonly wide?: boolean;
  readonly inputMode?: 'tel' | 'text';
  readonly placeholder?: string;
  /** The id of a list of suggestions. */
  readonly list?: string;
}

/** For ids, numbers and words of a provider. */
export function TextField({ label, value, change, wide = false, ...input }: TextFieldProps) {
  return (
    <label class={wide ? 'field grow' : 'field'}>
      <span>{label}</span>
      <input
        {...input}
        class="mono"
        type="text"
        autocomplete="off"
        value={value}
        onInput={(event) => change(event.currentTarget.value)}
      />
    </label>
  );
}

/** `names`: the sources that there are; one that is asked for is in the list in any case. */
export function SourceChoice(props: {
  readonly names: readonly string[];
  readonly value: string;
  readonly change: (value: string) => void;
}) {
  const { names, value, change } = props;
  const listed = value === '' || names.includes(value) ? names : [...names, value];
  return (
    <label class="field">
      <span>Source</span>
      <select name="source" value={value} onChange={(event) => change(event.currentTarget.value)}>
        <option value="">All</option>
        {listed.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

export function InstantField(props: {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  readonly change: (value: string) => void;
  readonly required?: boolean;
}) {
  const { label, name, value, change, required = false } = props;
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="datetime-local"
        name={name}
        step="1"
        required={required}
        value={localOf(value)}
        onInput={(event) => change(instantOf(event.currentTarget.value))}
      />
    </label>
  );
}

/** An instant as the input shows it: in the viewer's zone, to the second. */
function localOf(instant: string): string {
  const date = new Date(instant);
  if (instant === '' || Number.isNaN(date.getTime())) return '';
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function instantOf(local: string): string {
  const date = new Date(local);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().replace('.000Z', 'Z');
}
