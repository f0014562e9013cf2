// Any bytes under any signature: /webhook gives an answer of its table, never a 5xx, and validates as an oracle written apart from it does.
import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import * as fc from 'fast-check';
import { issuesIn, recordIn } from '../support/shapes.ts';
import { bytesOf, message, sign } from '../support/message.ts';
import { Pipeline } from '../support/pipeline.ts';
import { startService } from '../support/service.ts';
import { webhookBytes } from '../support/wire.ts';
import type { WireAnswer } from '../support/wire.ts';
import { faultyFields } from './oracle.ts';

// Without this, nothing longer than about ten would ever be drawn, whatever maximum is given below.
fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });

const service = await startService({ after });

/** A JSON string that may be anything a field could be mistaken for. */
const phone = fc.oneof(
  fc.stringMatching(/^\+[0-9]{1,66}$/),
  fc.string({ maxLength: 5 }).map((text) => `+${text}`),
  fc.string({
    unit: fc.constantFrom('+', '0', '9', '١', '９', ' ', '\n', '\u0000', 'a', '.'),
    maxLength: 6,
  }),
);
const two = (max: number): fc.Arbitrary<string> =>
  fc.nat(max).map((value) => String(value).padStart(2, '0'));
const fraction = fc.oneof(
  fc.constant(''),
  fc.stringMatching(/^\.[0-9]{1,10}$/),
  fc.constantFrom('.', ',5', '.5.5'),
);
const ts = fc
  .tuple(
    fc.oneof(fc.nat(10_000), fc.constantFrom(0, 1, 1900, 2000, 2024, 2025, 9999)),
    two(13),
    two(32),
    two(25),
    two(61),
    two(61),
    fraction,
    fc.constantFrom('Z', 'Z', 'Z', 'Z', 'z', '', 'Z\n', '+00:00'),
  )
  .map(
    ([year, month, day, hour, minute, second, part, zone]) =>
      `${String(year).padStart(4, '0')}-${month}-${day}T${hour}:${minute}:${second}${part}${zone}`,
  );
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .tuple(fc.constantFrom('x', '😀', 'é', '\u0000'), fc.integer({ min: 4094, max: 4098 }))
    .map(([unit, count]) => unit.repeat(count)),
);
const id = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc
    .tuple(fc.constantFrom('x', '😀'), fc.integer({ min: 510, max: 514 }))
    .map(([unit, count]) => unit.repeat(count)),
);
const surrogates = fc.string({
  unit: fc.constantFrom('\ud800', '\udbff', '\udc00', '\udfff', 'a', '+', '1'),
  maxLength: 4,
});
const other = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constant(undefined), surrogates);
/** Mostly a value that was meant for the field, sometimes one that was not. */
const field = (meant: fc.Arbitrary<string>): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: meant, weight: 6 }, { arbitrary: other, weight: 1 });
const draft = fc.record({
  message_id: field(id),
  from: field(phone),
  to: field(phone),
  ts: field(ts),
  text: field(text),
});
const sound = draft.map((odd) => message({ text: odd.text }));
const almost = fc
  .tuple(fc.constantFrom('message_id', 'from', 'to', 'ts', 'text'), draft)
  .map(([name, odd]) => message({ [name]: odd[name] }));
const signature = fc.oneof(
  fc.constant('right' as const),
  fc.stringMatching(/^[0-9a-fA-F]{0,70}$/),
  // Any byte that HTTP lets stand in a header, as Latin-1.
  fc.string({
    unit: fc
      .integer({ min: 0x21, max: 0xff })
      .filter((code) => code !== 0x7f)
      .map((code) => String.fromCharCode(code)),
    maxLength: 80,
  }),
);
const bodies = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.json({ maxDepth: 4 }).map((json) => Buffer.from(json)),
  almost.map((odd) => bytesOf(odd)),
  // A message with a few bytes changed, which is mostly broken JSON or broken UTF-8.
  fc
    .tuple(almost, fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 3 }))
    .map(([odd, changes]) => {
      const bytes = bytesOf(odd);
      for (const [at, byte] of changes) if (at < bytes.length) bytes.writeUInt8(byte, at);
      return bytes;
    }),
);

const TABLE: Record<number, RegExp> = {
  200: /^\{"status":"ok"\}$/,
  401: /^\{"detail":"invalid signature"\}$/,
  413: /^\{"detail":"payload too large"\}$/,
  422: /^\{"detail":\[\{/,
};

function assertInTable(answer: WireAnswer): void {
  const body = answer.body.toString('utf8');
  assert.match(body, TABLE[answer.status] ?? /^$/, `${answer.status} ${body}`);
  if (answer.status === 422) issuesIn(JSON.parse(body));
}

it('any bytes and any signatures get an answer of the table', async (t) => {
  const pipeline = new Pipeline(t, service.port);
  const request = fc.tuple(bodies, fc.array(signature, { minLength: 1, maxLength: 2 }));
  const property = fc.asyncProperty(
    fc.array(request, { minLength: 1, maxLength: 40 }),
    async (requests) => {
      const answers = await pipeline.send(
        requests.map(([body, given]) =>
          webhookBytes(
            body,
            given.map((value) => (value === 'right' ? sign(body) : value)),
          ),
        ),
      );
      for (const [index, answer] of answers.entries()) {
        assertInTable(answer);
        const [body = Buffer.alloc(0), given = []] = requests[index] ?? [];
        const right =
          given.length === 1 && (given[0] === 'right' || given[0]?.toLowerCase() === sign(body));
        assert.equal(
          answer.status !== 401,
          right,
          `${answer.status} for the signatures ${JSON.stringify(given)}`,
        );
      }
    },
  );
  await fc.assert(property, { numRuns: 150 });
  assert.equal(service.output.stderr, '');
  service.output.lines();
});

it('a signed message is valid exactly when the oracle says so, and the issues are at its fields', async (t) => {
  const pipeline = new Pipeline(t, service.port);
  const property = fc.asyncProperty(
    fc.array(fc.oneof(draft, almost, sound), { minLength: 1, maxLength: 40 }),
    async (drafts) => {
      const sent = drafts.map((odd) => bytesOf(odd));
      const answers = await pipeline.send(sent.map((body) => webhookBytes(body, [sign(body)])));
      for (const [index, answer] of answers.entries()) {
        const parsed = recordIn(JSON.parse(String(sent[index])));
        const wanted = faultyFields(parsed);
        assert.equal(
          answer.status,
          wanted.length === 0 ? 200 : 422,
          `${answer.body.toString()} for ${JSON.stringify(parsed)}`,
        );
        if (answer.status === 422) {
          const found = issuesIn(JSON.parse(answer.body.toString())).map((issue) =>
            issue.loc.slice(1).join('.'),
          );
          assert.deepEqual(found.toSorted(), wanted.toSorted());
        }
      }
    },
  );
  await fc.assert(property, { numRuns: 150 });
});
