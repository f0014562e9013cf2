// When a text matches a search: the one definition of "case-insensitive substring".

/**
 * Returns the form in which texts are compared: lower case by Unicode's default mapping, then normal form C, so that composed and decomposed
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
