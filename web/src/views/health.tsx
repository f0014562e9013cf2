// The checks of readiness, each with its state.
import type { Readiness } from '../api.ts';
import { Icon } from '../icon.tsx';
import type { Polled } from '../polled.ts';

const CHECKS = [
  ['store', 'Database answers'],
  ['schema', 'Schema applied'],
  ['writer', 'Writer runs'],
  ['disk', 'Disk accepts writes'],
  ['secret', 'Secret set'],
] as const;

export function Health({ readiness }: { readiness: Polled<Readiness> }) {
  const { data, error } = readiness;
  const [state, words] =
    error !== null
      ? ['bad', 'No answer']
      : data === null
        ? ['', 'Checking']
        : data.status === 'ready'
          ? ['good', 'Ready']
          : ['bad', 'Not ready'];
  return (
    <section class="card" aria-labelledby="health">
      <div class="card-head">
        <h2 id="health">Health</h2>
        <span class={`badge ${state}`} role="status">
          {words}
        </span>
      </div>
      <ul class="checks">
        {CHECKS.map(([name, label]) => {
          const value = data?.checks[name];
          const good = value === 'ok' && error === null;
          return (
            <li key={name} class={value === undefined ? '' : good ? 'good' : 'bad'}>
              <Icon name={good || value === undefined ? 'ok' : 'bad'} />
              <span>{label}</span>
              <span class="muted">{error !== null ? 'unknown' : (value ?? '…')}</span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
