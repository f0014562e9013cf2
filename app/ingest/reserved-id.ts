// Ids of the default source that would look like those of a named one.
import type { ValidationIssue } from '../model/validation-issue.ts';
import { boundedInput } from '../model/validation-issue.ts';

/** Returns the issue of an id that begins with the name of a configured source and a colon; null where it does not. */
export function reservedIdIssue(
  sources: ReadonlySet<string>,
  messageId: string,
): ValidationIssue | null {
  const name = messageId.slice(0, Math.max(0, messageId.indexOf(':')));
  if (!sources.has(name)) return null;
  return {
    type: 'value_error',
    loc: ['body', 'message_id'],
    msg: `Value error, ids that begin with ${name}: are those of the source ${name}`,
    input: boundedInput(messageId),
  };
}
