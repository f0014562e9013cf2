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
      <h2>This service asks for a token</h2>
      <p class="muted">
        It is the value of <code>API_TOKEN</code>. It is kept for this tab only, and forgotten when
        the tab is closed.
      </p>
      <label class="field">
        <span>Token</span>
        <input
          type="password"
          autocomplete="off"
          required
          value={token}
          onInput={(event) => change(event.currentTarget.value)}
        />
      </label>
      <button class="button primary" type="submit">
        Continue
      </button>
    </form>
  );
}
