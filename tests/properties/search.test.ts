// q finds what an oracle finds: for any texts and any q, the texts that contain it when case is set aside, code point by code point.
import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import * as fc from 'fast-check';
import { bytesOf, message, sign, uniqueNumber } from '../support/message.ts';
import { Pipeline } from '../support/pipeline.ts';
import { startService } from '../support/service.ts';
import { pageIn } from '../support/shapes.ts';
import { head, webhookBytes } from '../support/wire.ts';
import { contains } from './oracle.ts';

// Without this, nothing longer than about ten would ever be drawn, whatever maximum is given below.
fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });

const service = await startService({ after });

/** Letters whose simple and full case mappings agree, and every character that some search language gives a meaning to. */
const ALPHABET = [
  ...'aAbBéÉñÑüÜпПжЖαΑωΩ𐐀𐐨Ａａ',
  ...'%_"*\\\'?[]^-:.+() \n\t\u0000',
  ...'01',
  '😀',
  '\u0301',
  '\uffff',
];
const letter = fc.constantFrom(...ALPHABET);
const text = fc.array(letter, { maxLength: 12 }).map((letters) => letters.join(''));
/** Few letters, so that words repeat themselves and each other. */
const dull = fc.string({ unit: fc.constantFrom('a', 'A', 'é', 'É', '%', ' '), maxLength: 10 });

/** Another spelling of the same characters: each in upper or lower case. */
function respell(letters: string, upper: boolean[]): string {
  return Array.from(letters, (each, index) =>
    upper[index % upper.length] ? each.toUpperCase() : each.toLowerCase(),
  ).join('');
}

it('any texts, any q', async (t) => {
  const pipeline = new Pipeline(t, service.port);
  const example = fc.record({
    texts: fc.array(fc.oneof(text, dull), { minLength: 1, maxLength: 12 }),
    strangers: fc.array(
      fc.oneof(
        fc.array(letter, { minLength: 1, maxLength: 3 }).map((letters) => letters.join('')),
        dull.filter((given) => given !== ''),
      ),
      { minLength: 1, maxLength: 6 },
    ),
    cuts: fc.array(
      fc.tuple(
        fc.nat(11),
        fc.nat(11),
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }),
      ),
      { maxLength: 10 },
    ),
  });
  const property = fc.asyncProperty(example, async ({ texts, strangers, cuts }) => {
    const from = uniqueNumber();
    const bodies = texts.map((sent, index) =>
      bytesOf(
        message({ from, text: sent, message_id: `${from} ${String(index).padStart(2, '0')}` }),
      ),
    );
    for (const answer of await pipeline.send(
      bodies.map((body) => webhookBytes(body, [sign(body)])),
    ))
      assert.equal(answer.status, 200);
    // Parts of the texts are sure to be found; strangers mostly are not.
    const parts = cuts.map(([which, start, length, upper]) =>
      respell(
        [...(texts[which % texts.length] ?? '')].slice(start, start + length).join(''),
        upper,
      ),
    );
    const asked = [...strangers, ...parts.filter((part) => part !== '')];
    const answers = await pipeline.send(
      asked.map((q) =>
        head('GET', `/messages?limit=100&from=%2B${from.slice(1)}&q=${encodeURIComponent(q)}`),
      ),
    );
    for (const [index, answer] of answers.entries()) {
      const q = asked[index] ?? '';
      const page = pageIn(JSON.parse(answer.body.toString()));
      assert.deepEqual(
        page.data.map((stored) => stored.text),
        texts.filter((sent) => contains(sent, q)),
        JSON.stringify(q),
      );
      assert.equal(page.total, page.data.length);
    }
  });
  await fc.assert(property, { numRuns: 120 });
});
