// What a store promises of `q`: a case-insensitive substring, every character literal, in any normal form.
import assert from 'node:assert/strict';
import { parseInstant } from '../../app/model/instant.ts';
import { assertPagesAgree, soonAndSettled } from './agreement.ts';
import { type Clause, create, idsOf, list, message, tsOf } from './engine.ts';
import { MemoryStore } from './oracle.ts';

interface Case {
  readonly q: string;
  readonly finds: readonly string[];
  readonly not: readonly string[];
}

/** Each text is stored once; what the others of all rows say of it is decided by the store in memory. */
const CASES: readonly Case[] = [
  { q: 'hello', finds: ['hello', 'Say HELLO!', 'hellohello'], not: ['hell', 'h e l l o', ''] },
  { q: 'x', finds: ['x', 'aXb'], not: ['y'] },
  { q: 'zq', finds: ['ZQ', 'quizzq'], not: ['qz'] },
  { q: 'É', finds: ['é', 'café', 'cafe\u0301'], not: ['cafe', 'caf\u0301'] },
  { q: 'e\u0301t', finds: ['été', 'e\u0301te\u0301', 'ÉTÉ'], not: ['ete', 'e\u0301 t'] },
  { q: 'e', finds: ['Edge'], not: ['\u00e9', 'e\u0301'] },
  { q: 'reunion', finds: ['Reunion'], not: ['Réunion', 'Re\u0301union'] },
  { q: 'ПРИВЕТ', finds: ['привет', 'Привет!'], not: ['приве'] },
  { q: '한', finds: ['한국어', '\u1112\u1161\u11ab'], not: ['\u1112\u1161'] },
  { q: 'kelvin', finds: ['\u212aELVIN'], not: ['elvin'] },
  { q: 'ΟΔΟΣ', finds: ['οδος', 'οδοσ', 'Οδος 1'], not: ['οδο'] },
  { q: 'i\u0307', finds: ['\u0130stanbul', 'I\u0307'], not: ['istanbul'] },
  { q: 'å', finds: ['\u212b', 'A\u030a', 'Ångström'], not: ['angstrom'] },
  { q: '%', finds: ['100 %'], not: ['100'] },
  { q: '_a_', finds: ['_A_'], not: ['bab'] },
  { q: '"quoted" OR', finds: ['say "Quoted" or not'], not: ['quoted or'] },
  { q: '*', finds: ['a*'], not: ['a'] },
  { q: '\\', finds: ['C:\\temp'], not: ['C:/temp'] },
  { q: '[a-c]', finds: ['[A-C]'], not: ['b'] },
  { q: "' --", finds: ["it' --"], not: ['it'] },
  { q: '\0', finds: ['\0', 'a\0b'], not: ['a\u0001b', 'ab'] },
  { q: 'b\0CD', finds: ['ab\0cde'], not: ['ab', 'bcd', 'b\u0001cd'] },
  { q: 'after', finds: ['nul\0 and after'], not: ['nul\0 and'] },
  { q: '😀', finds: ['😀', 'a😀😀b'], not: ['😁', '\ud83d'.toWellFormed()] },
  { q: '😀😁😂', finds: ['.😀😁😂.'], not: ['😀😁', '😁😂😀'] },
  { q: ' ', finds: ['two words'], not: ['one'] },
  { q: '\n', finds: ['two\nlines'], not: ['two lines'] },
  { q: 'aaaa', finds: ['xAaAaAx'], not: ['aaa'] },
  { q: 'the end', finds: [`${'very '.repeat(800)}long, THE END`], not: ['the  end'] },
];

export const SEARCH: readonly Clause[] = [
  {
    name: 'finds a text by any part of it, in any case and normal form, taking every character literally',
    holds: async (engine) => {
      const store = await engine.open();
      const texts = new Set(CASES.flatMap(({ finds, not }) => [...finds, ...not]));
      const all = [...texts, null].map((text, place) =>
        message({ text, from: `+${1 + (place % 3)}`, ts: tsOf(place) }),
      );
      const oracle = new MemoryStore([...all]);
      await create(store, all);
      const byText = new Map(all.map(({ message_id, text }) => [text, message_id]));
      await soonAndSettled(engine, store, async () => {
        for (const { q, finds, not } of CASES) {
          const found = await list(store, { text: q, limit: 500 });
          const ids = new Set(idsOf(found.data));
          for (const text of finds) assert.ok(ids.has(byText.get(text) ?? ''), `${q}: ${text}`);
          for (const text of not) assert.ok(!ids.has(byText.get(text) ?? ''), `${q}: not ${text}`);
          assert.equal(found.total, found.data.length);
          assert.deepEqual(found, await list(oracle, { text: q, limit: 500 }));
          for (const filter of [{ from: '+2' }, { since: parseInstant(tsOf(40)) }])
            assert.deepEqual(
              await list(store, { text: q, ...filter, limit: 500 }),
              await list(oracle, { text: q, ...filter, limit: 500 }),
              q,
            );
        }
      });
    },
  },
  {
    name: 'pages through what it finds as through everything else',
    holds: async (engine) => {
      const store = await engine.open();
      const all = Array.from({ length: 300 }, (_, place) =>
        message({
          text: place % 3 === 0 ? `Needle ${place} été` : `hay ${place}`,
          from: `+${1 + (place % 2)}`,
          ts: tsOf((place * 977) % 80_000),
        }),
      );
      const oracle = new MemoryStore([...all]);
      await create(store, all);
      const since = parseInstant(tsOf(40_000));
      await soonAndSettled(engine, store, async () => {
        for (const text of ['needle 5', 'ÉTÉ', 'e 1', '9', 'absent'])
          await assertPagesAgree(store, oracle, [
            { text, from: '+2' },
            { text, since },
          ]);
        for (const text of ['needle', 'E', 'ay'])
          for (const offset of [0, 99, 100])
            assert.deepEqual(
              await list(store, { text, offset, limit: 100 }),
              await list(oracle, { text, offset, limit: 100 }),
            );
      });
    },
  },
];
