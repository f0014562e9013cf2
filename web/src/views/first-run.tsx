// What an empty inbox shows: the command that sends the first message.
import { curlFor } from '../curl.ts';
import { CopyButton } from './copy-button.tsx';

export function FirstRun() {
  const command = curlFor({
    message_id: 'first-message',
    from: '+919876543210',
    to: '+14155550100',
    ts: new Date().toISOString(),
    text: 'Hello, Oncebox',
  });
  return (
    <section class="card first-run">
      <h2>Your inbox is empty. Send the first message</h2>
      <p class="muted">
        Set <code>WEBHOOK_SECRET</code> in your shell to the secret that the service was started
        with, then run this. Or use the <a href="#/send">form</a>, which signs in the browser.
      </p>
      <pre class="code" tabIndex={0} aria-label="Command that sends the first message">
        {command}
      </pre>
      <CopyButton label="Copy the command" text={() => command} />
    </section>
  );
}
