// A provider of any kind, which posts to a service: its settings at Oncebox, and its requests, signed as its scheme does it.
import type { SchemeName } from '../../../app/model/source.ts';
import { schemeOf } from '../../../app/sources/registry.ts';
import type { Receiver } from '../../../app/sources/scheme.ts';
import type { Answer, Request } from '../../support/request.ts';
import type { Environment, Service } from '../../support/service.ts';
import { type Draft, KINDS, type Kind } from './kinds.ts';

/** A provider: a configured source, and the side that signs its posts. */
export class Provider {
  readonly name: string;
  readonly kind: Kind;
  readonly #signer: Receiver;

  /** `name`: that of the source. */
  constructor(scheme: SchemeName, name: string = scheme, secret?: string) {
    this.name = name;
    this.kind = KINDS[scheme];
    this.#signer = this.#receiver(secret ?? this.kind.secret);
  }

  get path(): string {
    return `/webhook/${this.name}`;
  }

  /** The variables of the source beside SOURCES. */
  get env(): Environment {
    const { secret, settings } = this.kind;
    return Object.fromEntries(
      Object.entries({ SECRET: secret, ...settings }).map(([end, value]) => [
        this.variable(end),
        value,
      ]),
    );
  }

  variable(end: string): string {
    return `SOURCE_${this.name.toUpperCase().replaceAll('-', '_')}_${end}`;
  }

  /** Returns the signed request. `secret`: another key; `nowMs`: another time, where it is signed. */
  request(
    draft: Pick<Draft, 'body' | 'id'>,
    { secret, nowMs = Date.now() }: { secret?: string; nowMs?: number } = {},
  ): Request & { headers: Record<string, string> } {
    const signer = secret === undefined ? this.#signer : this.#receiver(secret);
    const { headers, query } = signer.sign(draft.body, { nowMs, id: draft.id });
    const path = query === '' ? this.path : `${this.path}?${query}`;
    return { method: 'POST', path, headers: { ...headers }, body: draft.body };
  }

  post(service: Service, draft: Pick<Draft, 'body' | 'id'>): Promise<Answer> {
    return service.send(this.request(draft));
  }

  /** What a post that was accepted is answered. */
  get accepted(): { status: 200; type: string; text: string } {
    const { contentType, body } = this.#signer.stored;
    return { status: 200, type: contentType, text: body };
  }

  #receiver(secret: string): Receiver {
    const scheme = schemeOf(this.kind.scheme);
    const keys = { current: scheme.key(Buffer.from(secret)), previous: null };
    return scheme.receiver(this.name, keys, this.kind.settings, 4_194_304);
  }
}

/** The settings of these sources. */
export function environmentOf(providers: readonly Provider[]): Environment {
  const settings = providers.flatMap(({ env }) => Object.entries(env));
  return {
    SOURCES: providers.map(({ name, kind }) => `${name}:${kind.scheme}`).join(),
    ...Object.fromEntries(settings),
  };
}
