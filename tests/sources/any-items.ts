// Items of every source, as generators draw them, and what must be listed of each.
import * as fc from 'fast-check';
import { message } from '../support/message.ts';
import type { Stored } from '../support/message.ts';
import type { Service } from '../support/service.ts';
import { store, whatsapp, whatsappStatus, whatsappText } from '../support/sources.ts';

export const SENDERS = ['+919876543210', '+1'] as const;

const second = fc.constantFrom(
  '0001-01-01T00:00:00',
  '1969-12-31T23:59:59',
  '2025-01-15T10:00:00',
  '2025-01-15T10:00:01',
  '2026-03-01T00:00:00',
  '9999-12-31T23:59:59',
);
export const instant = fc
  .tuple(second, fc.constantFrom('', '.0', '.5', '.500', '.000000001', '.999999999'))
  .map(([time, fraction]) => `${time}${fraction}Z`);
/** Meta has whole seconds since 1970. */
const epoch = fc.constantFrom(0, 1_736_935_200, 1_736_935_201, 1_772_323_200);
const ending = fc.string({
  unit: fc.constantFrom('a', 'A', 'b', '\uffff', '\u{10000}', 'é', ' ', '/', '%', '+'),
  maxLength: 5,
});
const text = fc.option(
  fc
    .array(fc.constantFrom('a', 'É', 'B', '%', ' '), { maxLength: 4 })
    .map((words) => words.join('')),
);
/** An item to be posted. */
export const item = fc.oneof(
  fc.record({
    kind: fc.constantFrom('default', 'shop'),
    id: ending,
    ts: instant,
    text,
    sender: fc.nat(1),
  }),
  fc.record({
    kind: fc.constant('wa'),
    id: ending,
    seconds: epoch,
    text: fc.constantFrom('a', 'É B'),
  }),
  fc.record({
    kind: fc.constant('status'),
    id: ending,
    seconds: epoch,
    subject: fc.constantFrom('x+y', 'x y', 'ä/%'),
  }),
  fc.record({
    kind: fc.constant('bill'),
    id: ending,
    ts: instant,
    type: fc.constantFrom('paid', 'a b+c', 'status'),
  }),
);
type Drawn = typeof item extends fc.Arbitrary<infer Value> ? Value : never;

/** A stored item as a test knows it. `message_id` is the id of an event too, so that both are put in order alike. */
export interface Known extends Stored {
  readonly source: string;
  readonly type: string;
  readonly subject: string | null;
}

/** Posts an item, the one with this number, and returns what must be listed of it. */
export async function stored(service: Service, drawn: Drawn, index: number): Promise<Known> {
  const id = `${drawn.id}${index}`;
  const nothing = { from: '', to: '', text: null, type: '', subject: null };
  if ('sender' in drawn) {
    const from = SENDERS[drawn.sender === 0 ? 0 : 1];
    const sent = message({
      message_id: id,
      from,
      to: '+14155550100',
      ts: drawn.ts,
      text: drawn.text,
    });
    if (drawn.kind === 'default') await service.store(sent);
    else await store(service, 'shop', sent);
    const message_id = drawn.kind === 'default' ? id : `shop:${id}`;
    const { ts } = drawn;
    return {
      ...nothing,
      message_id,
      from,
      to: '+14155550100',
      ts,
      text: drawn.text,
      source: drawn.kind,
    };
  }
  if ('ts' in drawn) {
    await store(service, 'bill', { id, type: drawn.type, at: drawn.ts });
    return { ...nothing, message_id: `bill:${id}`, ts: drawn.ts, source: 'bill', type: drawn.type };
  }
  const ts = `${new Date(drawn.seconds * 1_000).toISOString().slice(0, 19)}Z`;
  const common = { ...nothing, ts, source: 'wa' };
  const timestamp = String(drawn.seconds);
  if ('text' in drawn) {
    await store(service, 'wa', whatsapp({ messages: [whatsappText(id, drawn.text, timestamp)] }));
    const [from] = SENDERS;
    return { ...common, message_id: `wa:${id}`, from, to: '+14155550100', text: drawn.text };
  }
  const { subject } = drawn;
  await store(service, 'wa', whatsapp({ statuses: [whatsappStatus(subject, id, timestamp)] }));
  return { ...common, message_id: `wa:${subject}:${id}`, type: 'status', subject: `wa:${subject}` };
}
