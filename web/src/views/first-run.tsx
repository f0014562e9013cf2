// What an empty inbox shows: the command that sends the first message, and how a provider is connected.
import { curlFor } from '../curl.ts';
import type { SourceState } from '../item-api.ts';
import { hrefOf } from '../route.ts';
import { conditionOf, DEFAULT_SOURCE, useSources } from '../sources.ts';
import { Badge } from './badge.tsx';
import { Connect } from './connect.tsx';
import { CopyButton } from './copy-button.tsx';

export function FirstRun() {
  const sources = useSources().data ?? [];
  const hasEvents = sources.some(({ events }) => events > 0);
  const command = curlFor({
    message_id: 'first-message',
    from: '+919876543210',
    to: '+14155550100',
    ts: new Date().toISOString(),
    text: 'Hello, Oncebox',
  });
  return (
    <div class="card first-run">
      <section aria-labelledby="first">
        <h2 id="first">
          {hasEvents ? 'There are no messages yet.' : 'Your inbox is empty.'} Send the first message
        </h2>
        <p class="muted">
          Set <code>WEBHOOK_SECRET</code> in your shell to the secret that the service was started
          with, then run this. Or use the <a href="#/send">form</a>, which signs in the browser.
        </p>
        <pre
          class="code"
          tabIndex={0}
          role="region"
          aria-label="Command that sends the first message"
        >
          {command}
        </pre>
        <CopyButton label="Copy the command" text={() => command} />
      </section>
      <Configured sources={sources.filter(({ source }) => source !== DEFAULT_SOURCE)} />
      <Connect sources={sources} warned />
    </div>
  );
}

/** The sources that are configured already, and how they fare. */
function Configured({ sources }: { sources: readonly SourceState[] }) {
  if (sources.length === 0) return null;
  return (
    <section aria-labelledby="configured">
      <h2 id="configured">Sources that are configured</h2>
      <ul class="configured">
        {sources.map((source) => (
          <li key={source.source}>
            <a href={hrefOf('sources')}>{source.source}</a>
            <Badge condition={conditionOf(source, Date.now())} />
          </li>
        ))}
      </ul>
    </section>
  );
}
