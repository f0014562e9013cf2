// Instants in a query string, in the grammar of `ts`.
import * as z from 'zod';
import { parseInstant } from '../../model/instant.ts';
import { INSTANT } from '../../model/message.ts';
import { INVALID_INSTANT } from '../../model/validation-issue.ts';

const { description: _, ...FORM } = INSTANT;

/** Returns the schema of an instant. What comes out is the instant, what is described is its text. */
export function instant() {
  return z
    .string()
    .transform((text, ctx) => {
      const parsed = parseInstant(text);
      if (parsed !== null) return parsed;
      ctx.issues.push({ code: 'custom', input: text, params: { type: INVALID_INSTANT.type } });
      return z.NEVER;
    })
    .meta({ type: 'string', ...FORM });
}
