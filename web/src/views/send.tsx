// Sends a test message, signed in the browser with a secret that is kept nowhere.
import { useState } from 'preact/hooks';
import { call, describe } from '../api.ts';
import { Icon } from '../icon.tsx';
import { hrefOf } from '../route.ts';
import { sign } from '../sign.ts';

interface Draft {
  readonly secret: string;
  readonly message_id: string;
  readonly from: string;
  readonly to: string;
  readonly ts: string;
  readonly text: string;
}

interface Answer {
  readonly status: number;
  readonly words: string;
}

function draft(): Draft {
  return {
    secret: '',
    message_id: newId(),
    from: '+919876543210',
    to: '+14155550100',
    ts: new Date().toISOString(),
    text: 'Hello from the dashboard',
  };
}

/** `crypto.randomUUID` is only there on https and localhost. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `test-${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

export function Send() {
  const [typed, setTyped] = useState(draft);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [sending, setSending] = useState(false);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setSending(true);
    setAnswer(await post(typed));
    setSending(false);
  };
  const field = (name: keyof Draft, label: string, mono = true) => (
    <label class="field">
      <span>{label}</span>
      <input
        class={mono ? 'mono' : ''}
        type="text"
        name={name}
        required
        value={typed[name]}
        onInput={(event) => setTyped({ ...typed, [name]: event.currentTarget.value })}
      />
    </label>
  );
  return (
    <form class="card narrow form" aria-labelledby="send" onSubmit={(event) => void submit(event)}>
      <h2 id="send">Send a test message</h2>
      <p class="muted">It is signed here, in this page. The secret is neither sent nor stored.</p>
      <label class="field">
        <span>Webhook secret</span>
        <input
          type="password"
          name="secret"
          autocomplete="off"
          required
          value={typed.secret}
          onInput={(event) => setTyped({ ...typed, secret: event.currentTarget.value })}
        />
      </label>
      {field('message_id', 'Message id')}
      <div class="pair">
        {field('from', 'From')}
        {field('to', 'To')}
      </div>
      {field('ts', 'Time (UTC)')}
      <label class="field">
        <span>Text</span>
        <textarea
          name="text"
          rows={3}
          dir="auto"
          value={typed.text}
          onInput={(event) => setTyped({ ...typed, text: event.currentTarget.value })}
        />
      </label>
      <div class="actions">
        <button class="button primary" type="submit" disabled={sending}>
          <Icon name="send" />
          Sign and send
        </button>
        <button
          class="button"
          type="button"
          onClick={() => setTyped({ ...typed, message_id: newId(), ts: new Date().toISOString() })}
        >
          New id and time
        </button>
      </div>
      <div aria-live="polite">
        {answer !== null && <Outcome answer={answer} from={typed.from} />}
      </div>
    </form>
  );
}

function Outcome({ answer, from }: { answer: Answer; from: string }) {
  const good = answer.status === 200;
  return (
    <p class={good ? 'notice good' : 'notice bad'}>
      <Icon name={good ? 'ok' : 'bad'} />
      <span>
        {answer.words} {good && <a href={hrefOf('messages', { from })}>See it in the list</a>}
      </span>
    </p>
  );
}

async function post({ secret, ...message }: Draft): Promise<Answer> {
  const body = JSON.stringify(message);
  const headers = { 'Content-Type': 'application/json', 'X-Signature': sign(secret, body) };
  try {
    const response = await call('/webhook', { method: 'POST', headers, body });
    const { status } = response;
    if (status === 200) return { status, words: 'Stored.' };
    const { detail } = (await response.json()) as { detail: unknown };
    const words =
      status === 401
        ? 'The signature is invalid: is this the secret of the service?'
        : describe(detail);
    return { status, words: `${status}: ${words}` };
  } catch {
    return { status: 0, words: 'The service does not answer. Nothing was stored; try again.' };
  }
}
