// When a text matches a search: the one definition of "case-insensitive substring".

/**
 * The form in which texts are compared: lower case by Unicode's default mapping, then normal form C, so that composed and decomposed
 * letters are the same. The final sigma is folded into the other one, because lower case chooses between the two
 * by the letters around them, and a substring has other neighbours than the text it came from.
 */
export function foldCase(text: string): string {
  return text.toLowerCase().replaceAll('ς', 'σ').normalize('NFC');
}

/**
 * The code points outside ASCII whose folded form contains ASCII: the Kelvin sign, I with a dot, the Greek question mark, and the
 * Greek varia. A test goes through all code points.
 */
export const CODE_POINTS_FOLDED_TO_ASCII = '\u212A\u0130\u037E\u1FEF';

/** Code points that normal form C may join with those before them, or move; Hangul vowels and finals among them. */
const COMPOSING = /[\p{M}\u1161-\u1175\u11a8-\u11c2\u{16d67}]/u;

/** Returns whether a part of the text may become other letters when the whole is folded. A test goes through all code points. */
export function mayCompose(text: string): boolean {
  return COMPOSING.test(text);
}
