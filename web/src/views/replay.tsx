// Sends again to a destination what is stored, from an instant or a number on.
import { useState } from 'preact/hooks';
import { useAction } from '../action.ts';
import { formatCount } from '../format.ts';
import { replay } from '../forward-api.ts';
import { Icon } from '../icon.tsx';
import { useSourceNames } from '../sources.ts';
import { InstantField, SourceChoice } from './fields.tsx';
import { Outcome } from './outcome.tsx';

type Bound = 'time' | 'number';

/** What is typed, by what the bounds are: instants, or numbers as texts; empty where there is no bound. */
interface Typed {
  readonly from: string;
  readonly to: string;
}

const NONE: Typed = { from: '', to: '' };

export function Replay({ name }: { name: string }) {
  const [bound, setBound] = useState<Bound>('time');
  const [typed, type] = useState(NONE);
  const [source, setSource] = useState('');
  const { busy, result, run } = useAction();
  const names = useSourceNames();
  const value = (text: string): number | string => (bound === 'number' ? Number(text) : text);
  const submit = (): Promise<void> =>
    run(async () => {
      const count = await replay(name, {
        from: value(typed.from),
        ...(typed.to === '' ? {} : { to: value(typed.to) }),
        ...(source === '' ? {} : { source }),
      });
      return `${formatCount(count)} ${count === 1 ? 'item' : 'items'} will be sent again.`;
    });
  return (
    <form
      class="card dead"
      aria-labelledby="replay"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <h2 id="replay">Replay</h2>
      <p class="muted">
        Sends what is stored again, also what was delivered already. Each item keeps its webhook-id,
        by which the application knows it.
      </p>
      <div class="choices" role="group" aria-label="Bounds">
        <Choice of="time" words="By time of arrival" chosen={bound} choose={setBound} type={type} />
        <Choice of="number" words="By number" chosen={bound} choose={setBound} type={type} />
      </div>
      <div class="bounds">
        <Field bound={bound} label="From" name="from" typed={typed} type={type} />
        <Field bound={bound} label="To (optional)" name="to" typed={typed} type={type} />
        <SourceChoice names={names} value={source} change={setSource} />
      </div>
      <div>
        <button class="button" type="submit" disabled={busy}>
          <Icon name="send" />
          {busy ? 'Replaying' : 'Replay'}
        </button>
        <Outcome result={result} />
      </div>
    </form>
  );
}

function Choice(props: {
  readonly of: Bound;
  readonly words: string;
  readonly chosen: Bound;
  readonly choose: (bound: Bound) => void;
  readonly type: (typed: Typed) => void;
}) {
  const { of, words, chosen, choose, type } = props;
  return (
    <button
      class="button choice"
      type="button"
      aria-pressed={of === chosen}
      onClick={() => {
        choose(of);
        type(NONE);
      }}
    >
      {words}
    </button>
  );
}

interface FieldProps {
  readonly bound: Bound;
  readonly label: string;
  readonly name: keyof Typed;
  readonly typed: Typed;
  readonly type: (typed: Typed) => void;
}

function Field({ bound, label, name, typed, type }: FieldProps) {
  const change = (text: string): void => type({ ...typed, [name]: text });
  const shared = { name, required: name === 'from', value: typed[name] };
  if (bound === 'time') return <InstantField {...shared} label={label} change={change} />;
  return (
    <label class="field">
      <span>{label}</span>
      <input
        {...shared}
        type="number"
        min="1"
        step="1"
        onInput={(event) => change(event.currentTarget.value)}
      />
    </label>
  );
}
