// Asks for the API token where the service wants one.
import { useState } from 'preact/hooks';
import { setToken } from './api.ts';

export function TokenPrompt() {
  const [token, change] = useState('');
  return (
    <form
      class="card narrow form"
      onSubmit={(event) => {
        event.preventDefault();
        setToken(token);
      }}
    >
      <h2>This service requires a token</h2>
      <p class="muted">
        It is the value of <code>API_TOKEN</code>. It is kept for this tab only, and forgotten when
        the tab is closed.
      </p>
      <TokenField label="Token" value={token} change={change} />
      <button class="button primary" type="submit">
        Continue
      </button>
    </form>
  );
}

/** Where a token is typed: never shown, never remembered by the browser. */
export function TokenField(props: {
  readonly label: string;
  readonly value: string;
  readonly change: (value: string) => void;
}) {
  return (
    <label class="field">
      <span>{props.label}</span>
      <input
        type="password"
        autocomplete="off"
        required
        value={props.value}
        onInput={(event) => props.change(event.currentTarget.value)}
      />
    </label>
  );
}
