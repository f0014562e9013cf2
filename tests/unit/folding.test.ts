// What SQL tells of a text without folding it rests on facts about Unicode, and each is held here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CODE_POINTS_FOLDED_TO_ASCII, foldCase, mayCompose } from '../../app/model/search.ts';

const SURROGATES = [0xd800, 0xdfff] as const;

/** Every code point but the surrogates, as a string. */
function* characters(): Generator<string> {
  for (let point = 0; point <= 0x10ffff; point += 1)
    if (point < SURROGATES[0] || point > SURROGATES[1]) yield String.fromCodePoint(point);
}

function isAscii(text: string): boolean {
  return [...text].every((character) => character < '\u0080');
}

test('only the code points that are listed fold into ASCII from outside of it', () => {
  const found = [...characters()].filter(
    (character) => !isAscii(character) && [...foldCase(character)].some(isAscii),
  );
  assert.deepEqual(found.toSorted(), [...CODE_POINTS_FOLDED_TO_ASCII].toSorted());
});

test('composed and decomposed forms fold alike', () => {
  for (const character of characters()) {
    const forms = (['NFC', 'NFD'] as const).map((form) => foldCase(character.normalize(form)));
    if (new Set([foldCase(character), ...forms]).size > 1)
      assert.fail(`U+${character.codePointAt(0)?.toString(16)}`);
  }
});

test('what may join or move is known: without it a part of a text folds to that part of the folded text', () => {
  for (const character of characters()) {
    const parts = [...character.normalize('NFD')].slice(1);
    // Each code point that a composition takes in, and each that has a place in the order of marks.
    const moves = `a\u0301${character}`.normalize('NFD') !== `a\u0301${character.normalize('NFD')}`;
    for (const part of moves ? [...parts, character] : parts)
      if (!mayCompose(part)) assert.fail(`U+${part.codePointAt(0)?.toString(16)}`);
  }
});

test('folding twice is folding once, and ASCII folds as ASCII does', () => {
  for (const character of characters()) {
    const folded = foldCase(character);
    if (foldCase(folded) !== folded) assert.fail(`U+${character.codePointAt(0)?.toString(16)}`);
    const lower = character.replaceAll(/[A-Z]/g, (letter) =>
      String.fromCodePoint((letter.codePointAt(0) ?? 0) + 32),
    );
    if (isAscii(character)) assert.equal(folded, lower);
  }
});
