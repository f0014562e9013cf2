// How to connect a provider: the settings to paste, the URL, and where their values come from.
import { useState } from 'preact/hooks';
import { addressOf } from '../base-path.ts';
import type { SourceState } from '../item-api.ts';
import { freeName, PROVIDERS, type Provider, settingsFor, URL_PLACE } from '../providers.ts';
import { CopyButton } from './copy-button.tsx';

interface ConnectProps {
  /** Those that are configured, which stay. */
  readonly sources: readonly SourceState[];
  /** Whether to say that the address of this page will not do, where it does not. */
  readonly warned: boolean;
}

export function Connect({ sources, warned }: ConnectProps) {
  const [chosen, choose] = useState(PROVIDERS[0] as Provider);
  const name = freeName(chosen, sources);
  const url = location.origin + addressOf(`/webhook/${name}`);
  const settings = settingsFor(chosen, { name, url, configured: sources });
  return (
    <section class="connect" aria-labelledby="connect">
      <h2 id="connect">Connect a provider</h2>
      <div class="choices" role="group" aria-label="Provider">
        {PROVIDERS.map((provider) => (
          <button
            key={provider.name}
            class="button choice"
            type="button"
            aria-pressed={provider === chosen}
            onClick={() => choose(provider)}
          >
            {provider.name}
          </button>
        ))}
      </div>
      <ol class="numbered">
        <li>
          <p>Add these settings to those of the service, with your values, and restart it.</p>
          <pre class="code" tabIndex={0} role="region" aria-label={`Settings for ${chosen.name}`}>
            {settings}
          </pre>
          <CopyButton label="Copy the settings" small text={() => settings} />
        </li>
        {chosen.steps.map((step) => (
          <li key={step}>{step.replace(URL_PLACE, url)}</li>
        ))}
      </ol>
      {warned && <PrivateAddress />}
      <p class="muted">
        Step by step, with a test that needs no account: <code>{chosen.page}</code> in the source
        tree.
      </p>
    </section>
  );
}

/** Says that providers cannot post to the address of this page, where it is not https, or of this machine. */
export function PrivateAddress() {
  const { protocol, hostname } = location;
  if (protocol === 'https:' && !/^(localhost|127\..*|\[::1\])$/.test(hostname)) return null;
  return (
    <p class="notice warn">
      <span>
        The URL has the address of this page. Providers need one that is public and begins with
        https: that of your reverse proxy, or of a tunnel.
      </span>
    </p>
  );
}
