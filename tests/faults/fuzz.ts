// Sends generated requests over many connections and holds every answer against the description of the API.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { PATIENCE_MS } from '../support/bounded.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { parseExposition } from '../support/exposition.ts';
import type { Sample } from '../support/exposition.ts';
import type { Service } from '../support/service.ts';
import { readAnswer } from '../support/wire.ts';
import type { WireAnswer } from '../support/wire.ts';
import { ApiContract } from './api-contract.ts';
import { RequestGenerator } from './fuzz-requests.ts';
import type { Generated } from './fuzz-requests.ts';

const LANES = 24;
/** Requests that one connection has under way, and how often it does that before a new one takes its place. */
const PIPELINE = 20;
const PIPELINES_A_CONNECTION = 25;
/** A broken request may have announced more than it sends: its connection is not waited for much longer than this. */
const BROKEN_MS = 500;
/** Routes, common methods and statuses are few; what a caller makes up adds none. */
const LABEL_SETS_MAX = 250;

export interface FuzzFigures {
  /** Requests that were answered, each answer held against the description. */
  requests: number;
  /** Connections that carried bytes which need not be a request at all. */
  broken: number;
  /** Answers by their status. */
  statuses: Record<string, number>;
}

/**
 * Sends about `count` requests, made from `seed`. Rejects when an answer does not belong to its request, when one is missing,
 * when the labels grow or the service is not ready afterwards.
 */
export async function fuzz(
  t: Cleaner,
  service: Service,
  count: number,
  seed: number,
): Promise<FuzzFigures> {
  const contract = await ApiContract.of(service);
  const figures: FuzzFigures = { requests: 0, broken: 0, statuses: {} };
  const open = new Set<Socket>();
  t.after(() => {
    for (const socket of open) socket.destroy();
  });
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    const generator = new RequestGenerator(seed * LANES + lane);
    while (figures.requests + figures.broken < count) {
      await sendWhole(service.port, open, generator, (request, answer) => {
        contract.assertAllowed(request.method, request.path, answer);
        figures.requests += 1;
        figures.statuses[answer.status] = (figures.statuses[answer.status] ?? 0) + 1;
      });
      // By themselves, since they end their connection.
      const broken = Array.from({ length: PIPELINE }, () => generator.broken());
      const answers = await Promise.all(
        broken.map((bytes) => sendBroken(service.port, open, bytes)),
      );
      for (const answer of answers.flat()) contract.assertHarmless(answer);
      figures.broken += broken.length;
    }
  });
  await Promise.all(lanes);
  assert.equal((await service.get('/health/ready')).status, 200);
  assertLabels(await countedBy(service));
  return figures;
}

async function countedBy(service: Service): Promise<Sample[]> {
  const families = parseExposition((await service.get('/metrics')).text);
  return families.get('http_requests_total')?.samples ?? [];
}

function assertLabels(samples: readonly Sample[]): void {
  assert.ok(samples.length < LABEL_SETS_MAX, `${samples.length} label sets`);
  for (const { labels, value } of samples) {
    assert.match(labels['path'] ?? '', /^(unmatched|\/[a-z*/.-]*)$/);
    const status = Number(labels['status']);
    // Too many reads at once are the one 5xx that load alone may bring.
    assert.ok(status < 500 || status === 503, `${value} times ${status}`);
  }
}

/** One connection: pipelines one after another, each answer given to `check` in the order of the requests. */
async function sendWhole(
  port: number,
  open: Set<Socket>,
  generator: RequestGenerator,
  check: (request: Generated, answer: WireAnswer) => void,
): Promise<void> {
  const waiting: Generated[] = [];
  let pipelines = 0;
  const fill = (socket: Socket): void => {
    if (pipelines === PIPELINES_A_CONNECTION) {
      socket.end();
      return;
    }
    pipelines += 1;
    for (let at = 0; at < PIPELINE; at += 1) waiting.push(generator.whole());
    socket.write(Buffer.concat(waiting.map(({ bytes }) => bytes)));
  };
  await talk(port, open, PATIENCE_MS, fill, (socket, received) => {
    let rest = received;
    for (let request = waiting[0]; request !== undefined; request = waiting[0]) {
      const found = readAnswer(rest, request.method, false);
      if (found === undefined) return rest;
      rest = rest.subarray(found.length);
      try {
        check(request, found.answer);
      } catch (error) {
        throw new Error(`for ${excerpt(request.bytes)}`, { cause: error });
      }
      waiting.shift();
    }
    if (waiting.length === 0) fill(socket);
    return rest;
  });
  const [unanswered] = waiting;
  assert.equal(unanswered, undefined, `no answer to ${unanswered && excerpt(unanswered.bytes)}`);
}

/** Sends bytes over a connection of their own and returns the answers, as many as there are. */
async function sendBroken(port: number, open: Set<Socket>, bytes: Buffer): Promise<WireAnswer[]> {
  const answers: WireAnswer[] = [];
  const start = (socket: Socket): void => {
    socket.end(bytes);
  };
  await talk(port, open, BROKEN_MS, start, (_, received) => {
    // Whether it was a HEAD cannot be told: then the rest of the bytes is of no use, and is left.
    const found = readAnswer(received, 'GET', false);
    if (found === undefined) return received;
    answers.push(found.answer);
    return received.subarray(found.length);
  });
  return answers;
}

/** Opens a connection, begins with `start`, and gives `read` what has come and was left. Resolves when it has ended. */
function talk(
  port: number,
  open: Set<Socket>,
  idleMs: number,
  start: (socket: Socket) => void,
  read: (socket: Socket, received: Buffer) => Buffer,
): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port });
  open.add(socket);
  let rest: Buffer = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    socket.once('connect', () => start(socket));
    socket.on('error', () => undefined);
    socket.setTimeout(idleMs, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      try {
        rest = read(socket, rest.length === 0 ? chunk : Buffer.concat([rest, chunk]));
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
        socket.destroy();
      }
    });
    socket.once('close', () => {
      open.delete(socket);
      resolve();
    });
  });
}

function excerpt(bytes: Buffer): string {
  return bytes.toString('latin1').slice(0, 1_000);
}
