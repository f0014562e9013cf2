// A form that sends one request of an operation and shows the answer.
import { useState } from 'preact/hooks';
import { addressOf } from '../base-path.ts';
import { resolve, type OperationProps, type Schema } from '../openapi.ts';
import { sign } from '../sign.ts';

const SHOWN_CHARACTERS_MAX = 20_000;

/** How long a stream is read before it is shown. */
const STREAM_MS = 5_000;

export function TryIt({ api, path, method, operation, secret, token }: OperationProps) {
  const media = operation.requestBody?.content['application/json'];
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const [body, setBody] = useState(() =>
    media === undefined ? '' : exampleOf(resolve(api, media.schema)),
  );
  const [answer, setAnswer] = useState<string | null>(null);
  const parameters = (operation.parameters ?? []).filter(({ in: place }) => place !== 'header');
  const streams = operation.responses['200']?.content?.['text/event-stream'] !== undefined;
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const headers = new Headers();
    if (token !== '') headers.set('Authorization', `Bearer ${token}`);
    if (media !== undefined) {
      headers.set('Content-Type', 'application/json');
      headers.set('X-Signature', sign(secret, body));
    }
    const init = {
      method: method.toUpperCase(),
      headers,
      ...(media === undefined ? {} : { body }),
    };
    setAnswer(streams ? `Reading for ${STREAM_MS / 1_000} seconds` : 'Sending');
    setAnswer(await send(addressOf(targetOf(path, values)), init, streams));
  };
  return (
    <details class="try">
      <summary>Try it</summary>
      <form
        class="form"
        aria-label={`Try ${operation.summary}`}
        onSubmit={(event) => void submit(event)}
      >
        {parameters.map(({ name }) => (
          <label class="field" key={name}>
            <span>{name}</span>
            <input
              class="mono"
              type="text"
              value={values[name] ?? ''}
              onInput={(event) => setValues({ ...values, [name]: event.currentTarget.value })}
            />
          </label>
        ))}
        {media !== undefined && (
          <label class="field">
            <span>Body</span>
            <textarea
              class="mono"
              rows={8}
              value={body}
              onInput={(event) => setBody(event.currentTarget.value)}
            />
          </label>
        )}
        <div class="actions">
          <button class="button primary" type="submit">
            {media === undefined ? 'Send' : 'Sign and send'}
          </button>
        </div>
        <div aria-live="polite">
          {answer !== null && (
            <pre class="code" tabIndex={0}>
              {answer}
            </pre>
          )}
        </div>
      </form>
    </details>
  );
}

/** The path of a request and its query string: each value is in the path where that names it, else in the query string. */
function targetOf(path: string, values: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams();
  let target = path;
  for (const [name, value] of Object.entries(values)) {
    if (path.includes(`{${name}}`)) target = target.replace(`{${name}}`, encodeURIComponent(value));
    else if (value !== '') query.set(name, value);
  }
  return query.size === 0 ? target : `${target}?${query}`;
}

/** Sends it and gives the answer as it came, in lines. */
async function send(url: string, init: RequestInit, streams: boolean): Promise<string> {
  try {
    const response = await fetch(url, init);
    const head = `${response.status} ${response.statusText}\n${[...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n')}`;
    const text =
      streams && response.ok ? await readFor(response, STREAM_MS) : await response.text();
    return `${head}\n\n${pretty(text)}`.slice(0, SHOWN_CHARACTERS_MAX);
  } catch {
    return 'No answer: is the service running?';
  }
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

async function readFor(response: Response, timeMs: number): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const timer = setTimeout(() => void reader.cancel(), timeMs);
  const decoder = new TextDecoder();
  let text = '';
  for (
    let part = await reader.read();
    !part.done && text.length < SHOWN_CHARACTERS_MAX;
    part = await reader.read()
  )
    text += decoder.decode(part.value, { stream: true });
  clearTimeout(timer);
  await reader.cancel();
  return text;
}

/** A body made of the examples of its fields. */
function exampleOf(schema: Schema): string {
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => [
    name,
    field.example ?? field.anyOf?.find(({ example }) => example !== undefined)?.example ?? '',
  ]);
  return JSON.stringify(Object.fromEntries(fields), null, 2);
}
