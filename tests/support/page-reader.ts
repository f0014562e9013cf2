// Follows a page as a reader does: starts the service, types the commands, starts the sample application, kills and starts again.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from './cleanup.ts';
import { assertShown, isStart, settingsIn, type Step } from './page-commands.ts';
import { freePort } from './ports.ts';
import { RECEIVER, type Sample, startSample } from './sample.ts';
import { type Environment, type Service, startService } from './service.ts';
import { Terminal } from './terminal.ts';

/** Whether a step kills the service. Typed as it stands, it would kill those of other tests. */
export const isKill = ({ command }: Step): boolean => command === 'pkill -9 -f app/main.ts\n';
/** Whether a step starts the sample application, until Ctrl-C. */
const isReceiver = ({ command }: Step): boolean =>
  /^SECRET=\S+ npx node \S+\n$/.test(command) && command.includes(RECEIVER);

export class PageReader {
  readonly #t: TestContext;
  readonly #directory: string;
  readonly #port: number;
  readonly #samplePort: number;
  readonly #terminal: Terminal;
  #settings: Environment = {};
  #service: Service | undefined;
  #sample: Sample | undefined;
  #secret = '';

  constructor(t: TestContext, port: number, samplePort: number) {
    this.#t = t;
    this.#directory = temporaryDirectory(t);
    this.#port = port;
    this.#samplePort = samplePort;
    this.#terminal = new Terminal(t, [['localhost:8000', `127.0.0.1:${port}`]]);
  }

  get service(): Service {
    assert.ok(this.#service, 'no command has started the service');
    return this.#service;
  }

  /** The application of docs/examples. */
  get sample(): Sample {
    assert.ok(this.#sample, 'no command has started the application');
    return this.#sample;
  }

  /** Does what a step says. Resolves to what it printed; fails where the page shows something else. */
  async follow(step: Step): Promise<string> {
    if (isStart(step)) await this.start(settingsIn(step.command));
    else if (isKill(step)) await this.service.stop('SIGKILL');
    else if (isReceiver(step)) await this.startSample(settingsIn(step.command)['SECRET']);
    else return await this.#type(step);
    return '';
  }

  /** Starts the service; one that runs is stopped before. */
  async start(settings: Environment): Promise<void> {
    await this.#service?.stop('SIGINT');
    this.#settings = settings;
    const own = { ...settings, PORT: String(this.#port) };
    const url = settings['FORWARD_APP_URL']?.replace(':3000', `:${this.#samplePort}`);
    const env = url === undefined ? own : { ...own, FORWARD_APP_URL: url };
    this.#service = await startService(this.#t, { directory: this.#directory, env });
  }

  /** Starts the service again as it was started last. */
  async startAgain(): Promise<void> {
    await this.start(this.#settings);
  }

  /** Starts the application, with the secret of the last time unless one is given. */
  async startSample(secret = this.#secret): Promise<void> {
    this.#secret = secret;
    const options = { directory: this.#directory, port: this.#samplePort, secret };
    this.#sample = await startSample(this.#t, options);
  }

  async #type({ command, shown }: Step): Promise<string> {
    const output = await this.#terminal.type(command);
    if (shown !== null) assertShown(output, shown);
    return output;
  }
}

/** A reader with a directory and ports of its own; everything that it starts ends with the test. */
export async function newReader(t: TestContext): Promise<PageReader> {
  return new PageReader(t, await freePort(), await freePort());
}
