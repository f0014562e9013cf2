// What the forwarding view shows where there is no destination: what it is for, and the settings of the first one.
import { CopyButton } from './copy-button.tsx';

const SETTINGS = `FORWARDS=app
FORWARD_APP_URL=https://app.example.com/webhooks
FORWARD_APP_SECRET=whsec_…`;

export function ConfigureForwarding() {
  return (
    <section class="card first-run" aria-labelledby="configure">
      <h2 id="configure">Nothing is forwarded</h2>
      <p class="muted">
        Oncebox can deliver what it stores to your own application: signed, in order, and again
        until the application has it.
      </p>
      <ol class="numbered">
        <li>
          <p>Add these settings to those of the service, with your values, and restart it.</p>
          <pre class="code" tabIndex={0} role="region" aria-label="Settings of a destination">
            {SETTINGS}
          </pre>
          <CopyButton label="Copy the settings" small text={() => SETTINGS} />
        </li>
        <li>
          The secret signs each request (Standard Webhooks). This makes a new one:{' '}
          <code class="breaking">echo "whsec_$(openssl rand -base64 32)"</code>
        </li>
      </ol>
      <p class="muted">
        All settings: <code>docs/reference/settings.md</code> in the source tree.
      </p>
    </section>
  );
}
