// One operation of the API: its parameters, its responses, and a form that sends a request.
import { addressOf } from '../base-path.ts';
import { limitsOf, resolve, type OperationProps, type Parameter } from '../openapi.ts';
import { Prose } from './prose.tsx';
import { TryIt } from './try-it.tsx';

export function OperationCard(props: OperationProps) {
  const { api, path, method, operation } = props;
  const body = operation.requestBody?.content['application/json']?.schema;
  const schema = body === undefined ? undefined : resolve(api, body);
  const fields = Object.entries(schema?.properties ?? {}).map(([name, field]) => ({
    name,
    description: field.description ?? '',
    required: schema?.required?.includes(name) === true,
    schema: field,
  }));
  return (
    <section
      class="card operation"
      id={operation.operationId}
      aria-labelledby={`${operation.operationId}-title`}
    >
      <h2 id={`${operation.operationId}-title`}>
        <Prose text={operation.summary} />
      </h2>
      <p class="address">
        <Method name={method} /> <code>{addressOf(path)}</code>
      </p>
      {operation.description !== undefined && (
        <p>
          <Prose text={operation.description} />
        </p>
      )}
      <Inputs title="Parameters" inputs={operation.parameters ?? []} />
      <Inputs title="Body" inputs={fields} />
      <h3>Responses</h3>
      <dl class="answers">
        {Object.entries(operation.responses).map(([status, answer]) => (
          <div key={status}>
            <dt class={`status s${status[0] ?? ''}`}>{status}</dt>
            <dd>
              <Prose text={answer.description} />
            </dd>
          </div>
        ))}
      </dl>
      {isSignedByProvider(props) ? (
        <p class="muted">
          To try it, sign as the provider does: <code>oncebox send --source NAME</code>, or{' '}
          <code>oncebox sign --scheme SCHEME</code> and curl.
        </p>
      ) : (
        <TryIt {...props} />
      )}
    </section>
  );
}

/** Whether a request is signed in a way that depends on its source: the page signs for the default one alone. */
function isSignedByProvider({ path, operation }: OperationProps): boolean {
  return operation.requestBody !== undefined && path.includes('{');
}

export function Method({ name }: { name: string }) {
  return <span class={`method ${name}`}>{name.toUpperCase()}</span>;
}

function Inputs({ title, inputs }: { title: string; inputs: readonly Omit<Parameter, 'in'>[] }) {
  if (inputs.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <dl class="inputs">
        {inputs.map(({ name, description, required, schema }) => (
          <div key={name}>
            <dt>
              <code>{name}</code>
              {required && <span class="required"> required</span>}
            </dt>
            <dd>
              <Prose text={description} /> <span class="muted">{limitsOf(schema)}</span>
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}
