// The description of the API as a page.
import { useEffect, useState } from 'preact/hooks';
import { call } from '../api.ts';
import { addressOf } from '../base-path.ts';
import type { Document, Operation } from '../openapi.ts';
import { ThemeButton } from '../theme.tsx';
import { Method, OperationCard } from './operation.tsx';
import { Prose } from './prose.tsx';

export function Docs() {
  const [document_, setDocument] = useState<Document | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    call('/openapi.json')
      .then(async (response) => setDocument((await response.json()) as Document))
      .catch(() => setFailed(true));
  }, []);
  return (
    <>
      <header class="bar">
        <a class="brand" href={addressOf('/')} aria-label="Oncebox">
          <img src={addressOf('/icon.svg')} alt="" width="28" height="28" />
          <span>Oncebox</span>
        </a>
        <div class="bar-end">
          <a class="quiet" href={addressOf('/openapi.json')}>
            openapi.json
          </a>
          <ThemeButton />
        </div>
      </header>
      <main id="main">
        <h1 class="docs-title">API</h1>
        {failed && (
          <p class="notice bad" role="alert">
            The description cannot be read. Reload the page to try again.
          </p>
        )}
        {document_ !== null && <Description api={document_} />}
      </main>
    </>
  );
}

function Description({ api }: { api: Document }) {
  const [token, setToken] = useState('');
  const [secret, setSecret] = useState('');
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const of = (tag: string) =>
    operations.filter(({ operation }: { operation: Operation }) => operation.tags.includes(tag));
  return (
    <div class="docs">
      <nav class="contents" aria-label="Contents">
        {api.tags.map(({ name }) => (
          <div key={name}>
            <h2>{name}</h2>
            <ul>
              {of(name).map(({ path, method, operation }) => (
                <li key={operation.operationId}>
                  <a href={`#${operation.operationId}`}>
                    <Method name={method} /> {path}
                  </a>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </nav>
      <div class="operations">
        <p class="muted">
          <Prose text={api.info.description} /> Version {api.info.version}.
        </p>
        <form
          class="card keys"
          aria-label="Credentials"
          onSubmit={(event) => event.preventDefault()}
        >
          <label class="field">
            <span>Webhook secret, to sign requests; not stored</span>
            <input
              type="password"
              autocomplete="off"
              value={secret}
              onInput={(event) => setSecret(event.currentTarget.value)}
            />
          </label>
          <label class="field">
            <span>API token, if the service has one; not stored</span>
            <input
              type="password"
              autocomplete="off"
              value={token}
              onInput={(event) => setToken(event.currentTarget.value)}
            />
          </label>
        </form>
        {operations.map(({ path, method, operation }) => (
          <OperationCard
            key={operation.operationId}
            api={api}
            path={path}
            method={method}
            operation={operation}
            secret={secret}
            token={token}
          />
        ))}
      </div>
    </div>
  );
}
