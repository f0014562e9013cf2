// The description of the API as a judge: whether an answer is one that it promises.
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { IncomingHttpHeaders } from 'node:http';
import type { Service } from './service.ts';

/** A schema as far as these tests read it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly example?: unknown;
  readonly default?: number;
}

interface Described {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, { schema: Schema; example?: unknown }>>;
  readonly headers?: Readonly<Record<string, { $ref?: string; schema?: Schema }>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema: Schema;
  readonly allowEmptyValue?: boolean;
}

export interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema: Schema }>> };
  readonly responses: Readonly<Record<string, Described>>;
  readonly security?: readonly unknown[];
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly headers: Readonly<Record<string, { schema: Schema }>>;
  };
  readonly 'x-other-answers': Readonly<Record<string, Described>>;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export class Description {
  readonly document: Document;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #checks = new Map<string, ReturnType<Ajv2020['compile']>>();

  constructor(document: Document) {
    this.document = document;
    this.#ajv.addSchema(document, 'api');
  }

  static async of(service: Service): Promise<Description> {
    return new Description((await service.get('/openapi.json')).json() as Document);
  }

  /** Why a value does not fit a schema of the document; null when it fits. */
  misfit(schema: Schema, value: unknown): string | null {
    const pointers = JSON.stringify(schema).replaceAll('"#/', '"api#/');
    const check = this.#checks.get(pointers) ?? this.#ajv.compile(JSON.parse(pointers) as object);
    this.#checks.set(pointers, check);
    return check(value) ? null : this.#ajv.errorsText(check.errors);
  }

  /** Whether a value of a query string fits its description. */
  fits({ schema, allowEmptyValue }: Parameter, value: string): boolean {
    if (value === '') return allowEmptyValue === true;
    if (schema.type !== 'integer') return this.misfit(schema, value) === null;
    return (
      /^[0-9]+$/.test(value) &&
      BigInt(value) <= Number.MAX_SAFE_INTEGER &&
      this.misfit(schema, Number(value)) === null
    );
  }

  operation(method: string, path: string): Operation | undefined {
    return this.document.paths[path]?.[method.toLowerCase()];
  }

  /**
   * Why an answer is none that the description promises; null when it is one. HEAD is answered as GET is, without the body.
   * A path that is not described, or a method, has the answers that are described for those.
   */
  refutes(method: string, path: string, answer: Answered): string | null {
    const operation = this.operation(method === 'HEAD' ? 'GET' : method, path);
    const other = this.document.paths[path] === undefined ? 404 : 405;
    const described =
      operation === undefined
        ? answer.status === other && this.document['x-other-answers'][other]
        : operation.responses[answer.status];
    if (!described) return `${answer.status} is not described`;
    return this.#headers(described, answer) ?? this.#body(described, answer, method === 'HEAD');
  }

  #headers(described: Described, { headers }: Answered): string | null {
    for (const [name, header] of Object.entries(described.headers ?? {})) {
      const value = headers[name.toLowerCase()];
      if (value === undefined) return `there is no ${name}`;
      const shared = this.document.components.headers[header.$ref?.split('/').at(-1) ?? ''];
      const misfit = this.misfit(header.schema ?? shared?.schema ?? {}, value);
      if (misfit !== null) return `${name}: ${misfit}`;
    }
    return null;
  }

  #body(described: Described, { headers, text }: Answered, head: boolean): string | null {
    const type = (headers['content-type'] ?? '').split(';')[0] ?? '';
    const media = described.content?.[type];
    if (media === undefined) return `the type ${type} is not described`;
    if (head) return text === '' ? null : 'HEAD has a body';
    return this.misfit(media.schema, type === 'application/json' ? JSON.parse(text) : text);
  }
}
