// Posts as Twilio sends them, and their verdicts.
import type { Receiver } from '../../app/sources/scheme.ts';

export const PUBLIC_URL = 'https://inbox.example.com/webhook/sms';

/** Returns the fields of a form as the package takes them: an object of texts and lists of texts. */
export function fieldsOf(body: string): Record<string, string | string[]> {
  // Without a prototype: `constructor` and `__proto__` are names as any other.
  const fields = Object.create(null) as Record<string, string | string[]>;
  for (const [name, value] of new URLSearchParams(`?${body}`)) {
    const before = fields[name];
    fields[name] = before === undefined ? value : [before, value].flat();
  }
  return fields;
}

/** Returns the key with which a post was signed, or what is wrong with it. */
export function twilioVerdict(
  receiver: Receiver,
  body: string | Buffer,
  signature: string | undefined,
  query: string,
): string {
  const headers = { 'x-twilio-signature': signature };
  const verdict = receiver.verify({ body: Buffer.from(body), query, headers }, 0);
  return 'fault' in verdict ? verdict.fault : verdict.signedWith;
}
