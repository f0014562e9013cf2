// Load at a steady rate, however fast the service could be: as a provider sends on an ordinary day.
import { createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Corpus } from './corpus.ts';
import { SECRET } from './requests.ts';

const TICK_MS = 20;
const CONNECTIONS = 8;
const SEED = 77;

/** Posts `rate` messages a second for so many seconds. Returns how many; rejects when one was not answered with 200. */
export async function runPaced(url: string, rate: number, seconds: number): Promise<number> {
  const corpus = new Corpus(SEED);
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const startMs = performance.now();
  const wanted = rate * seconds;
  const answers: Promise<void>[] = [];
  const failures: unknown[] = [];
  let sent = 0;
  while (sent < wanted && failures.length === 0) {
    const due = Math.min(wanted, Math.floor(((performance.now() - startMs) / 1_000) * rate));
    for (; sent < due; sent += 1) {
      const answer = post(`${url}/webhook`, agent, JSON.stringify(corpus.message(Date.now())));
      answers.push(answer.catch((error: unknown) => void failures.push(error)));
    }
    await sleep(TICK_MS);
    if (answers.length > rate) await Promise.all(answers.splice(0));
  }
  await Promise.all(answers);
  agent.destroy();
  if (failures.length > 0) throw new Error('a message was not taken', { cause: failures[0] });
  return sent;
}

function post(url: string, agent: Agent, body: string): Promise<void> {
  const headers = {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    'X-Signature': createHmac('sha256', SECRET).update(body).digest('hex'),
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume();
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`${answer.statusCode} from the webhook`));
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
