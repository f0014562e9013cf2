// The parts of an OpenAPI document that the page of the API reads.

export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly description?: string;
  readonly example?: unknown;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

export interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'header' | 'path';
  readonly description: string;
  readonly required: boolean;
  readonly schema: Schema;
}

interface Media {
  readonly schema: Schema;
  readonly example?: unknown;
}

interface Answer {
  readonly description: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, Media>>;
}

export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, Answer>>;
}

export interface Document {
  readonly info: { readonly description: string; readonly version: string };
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** One operation on the page, and what its form sends. */
export interface OperationProps {
  readonly api: Document;
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
  readonly secret: string;
  readonly token: string;
}

/** Follows a reference to the schema that it names. */
export function resolve(api: Document, schema: Schema): Schema {
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : (api.components.schemas[name] ?? {});
}

/** What fits a schema, in a few words. */
export function limitsOf(schema: Schema): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map(limitsOf).join(', or ');
  const type = schema.type ?? '';
  const parts = [schema.const === undefined ? type : JSON.stringify(schema.const)];
  if (schema.enum !== undefined) parts.push(`one of ${schema.enum.join(', ')}`);
  if (schema.minimum !== undefined) parts.push(`${schema.minimum} to ${schema.maximum ?? 'any'}`);
  if (schema.maxLength !== undefined) parts.push(`${lengthsOf(schema)} characters`);
  if (schema.default !== undefined) parts.push(`default ${JSON.stringify(schema.default)}`);
  return parts.filter((part) => part !== '').join(', ');
}

function lengthsOf({ minLength = 0, maxLength = 0 }: Schema): string {
  if (minLength === 0) return `at most ${maxLength}`;
  return minLength === maxLength ? String(minLength) : `${minLength} to ${maxLength}`;
}
