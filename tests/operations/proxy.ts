// A reverse proxy with TLS in front of the service: nginx or Caddy, started with the files of deploy/, and a client that speaks to it.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bounded, eventually, PATIENCE_MS } from '../support/bounded.ts';
import { endAfter, temporaryDirectory } from '../support/cleanup.ts';
import { programFor } from '../support/debian.ts';
import type { Program } from '../support/debian.ts';
import { Answer, freePort } from '../support/request.ts';
import type { Request } from '../support/request.ts';

/** The name in the files of deploy/, and in the certificate. */
const HOST = 'inbox.example.com';
const deployed = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../deploy/${path}`, import.meta.url)), 'utf8');

/** Puts one text in place of another that must be there: what a machine must change in the file. */
function changed(text: string, changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((before, [from, to]) => {
    if (!before.includes(from)) throw new Error(`the file has no ${from}`);
    return before.replaceAll(from, to);
  }, text);
}

export class Proxy {
  readonly #port: number;
  readonly #ca: () => string;

  constructor(port: number, ca: () => string) {
    this.#port = port;
    this.#ca = ca;
  }

  /** Sends one request over TLS. Returns the answer as it begins; its body is still to come. */
  open(wanted: Request): Promise<IncomingMessage> {
    const { method = 'GET', path, headers = {}, body } = wanted;
    const options = {
      host: '127.0.0.1',
      port: this.#port,
      servername: HOST,
      ca: this.#ca(),
      agent: false,
      method,
      path,
      headers: { Host: HOST, ...headers } satisfies OutgoingHttpHeaders,
      timeout: PATIENCE_MS,
    };
    return new Promise((resolve, reject) => {
      const outgoing = request(options, resolve);
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer to ${method} ${path}`)));
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  /** Sends one request over TLS and returns the whole answer. */
  async send(wanted: Request): Promise<Answer> {
    const incoming = await this.open(wanted);
    const chunks = await bounded(incoming.toArray(), () => `the answer to ${wanted.path}`);
    return new Answer(
      incoming.statusCode ?? 0,
      incoming.headers,
      Buffer.concat(chunks as Buffer[]),
    );
  }
}

export type Kind = 'nginx' | 'caddy';

/**
 * Starts a proxy for what listens on the ports `upstreams`; undefined where the test was skipped because there is no such program.
 * `path`: the prefix under which it serves that, with the changes that the file of deploy/ names; empty for none.
 */
export async function startProxy(
  t: TestContext,
  kind: Kind,
  upstreams: number | readonly number[],
  path = '',
): Promise<Proxy | undefined> {
  const program = programFor(t, kind);
  const openssl = kind === 'nginx' ? programFor(t, 'openssl') : program;
  if (program === undefined || openssl === undefined) return undefined;
  const directory = temporaryDirectory(t);
  const port = await freePort();
  const addresses = [upstreams].flat().map((upstream) => `127.0.0.1:${upstream}`);
  const prepared =
    kind === 'nginx'
      ? prepareNginx(directory, { port, addresses, path, openssl })
      : prepareCaddy(directory, { port, addresses, path });
  const child = spawn(program.path, prepared.args, {
    cwd: directory,
    env: { PATH: process.env['PATH'], ...program.env, ...prepared.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  endAfter(t, child);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const proxy = new Proxy(port, () => readFileSync(join(directory, prepared.ca), 'utf8'));
  await eventually(`${kind} to answer`, async () => {
    if (child.exitCode !== null) throw new Error(`${kind} ended: ${said}`);
    return await proxy.send({ path: `${path}/metrics` }).catch(() => undefined);
  });
  return proxy;
}

interface Place {
  readonly port: number;
  readonly addresses: readonly string[];
  readonly path: string;
}

interface Prepared {
  readonly args: readonly string[];
  readonly env: Record<string, string>;
  /** The certificate to trust, in the directory. */
  readonly ca: string;
}

function prepareNginx(
  directory: string,
  { port, addresses, path, openssl }: Place & { openssl: Program },
): Prepared {
  const { status, stderr } = spawnSync(
    openssl.path,
    `req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=${HOST} -addext subjectAltName=DNS:${HOST} -keyout privkey.pem -out fullchain.pem`.split(
      ' ',
    ),
    { cwd: directory, env: { ...process.env, ...openssl.env }, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`no certificate: ${stderr}`);
  const site = changed(deployed('nginx/oncebox.conf'), [
    ['server 127.0.0.1:8000;', addresses.map((address) => `server ${address};`).join(' ')],
    ['listen 80;', `listen unix:${directory}/plain.sock;`],
    ['listen 443 ', `listen 127.0.0.1:${port} `],
    ['/etc/nginx/tls/', `${directory}/`],
    ['location / {', `location ${path}/ {`],
    ['location = /', `location = ${path}/`],
    ['location ~ ^/', `location ~ ^${path}/`],
  ]);
  writeFileSync(join(directory, 'site.conf'), site);
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${directory}/${name};`,
  );
  // One process, so that none is left behind when it is killed.
  writeFileSync(
    join(directory, 'nginx.conf'),
    `daemon off; master_process off; pid ${directory}/pid; error_log stderr;
     events {} http { access_log off; ${places.join(' ')} include ${directory}/site.conf; }`,
  );
  const args = ['-p', directory, '-c', join(directory, 'nginx.conf'), '-e', 'stderr'];
  return { args, env: {}, ca: 'fullchain.pem' };
}

function prepareCaddy(directory: string, { port, addresses, path }: Place): Prepared {
  // A certificate of its own making, since no one can vouch for the example's name; no redirect from port 80.
  const options =
    '{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n\tdefault_bind 127.0.0.1\n}\n';
  const site = changed(deployed('caddy/Caddyfile'), [
    [`{$ONCEBOX_SITE:${HOST}} {\n`, `https://${HOST}:${port} {\n\ttls internal\n`],
    ...(path === '' ? [] : caddyUnder(path)),
  ]);
  writeFileSync(join(directory, 'Caddyfile'), options + site);
  return {
    args: ['run', '--config', 'Caddyfile', '--adapter', 'caddyfile'],
    env: {
      HOME: directory,
      XDG_DATA_HOME: directory,
      XDG_CONFIG_HOME: directory,
      ONCEBOX_ADDRESS: addresses.join(' '),
      ...(addresses.length > 1 && { ONCEBOX_CHECK: 'health_uri /health/live' }),
    },
    ca: 'caddy/pki/authorities/local/root.crt',
  };
}

/** The changes for a path that the Caddyfile names. */
function caddyUnder(path: string): [from: string, to: string][] {
  return [
    ['@inside path /', `@inside path ${path}/`],
    ['\treverse_proxy ', `\t@inbox path ${path} ${path}/*\n\treverse_proxy @inbox `],
  ];
}
