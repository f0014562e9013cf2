// When a text matches a search: the one definition of "case-insensitive substring".

/**
 * The form in which texts are compared: lower case by Unicode's default mapping.
 * The final sigma is folded into the other one, because lower case chooses between the two
 * by the letters around them, and a substring has other neighbours than the text it came from.
 */
export function foldCase(text: string): string {
  return text.toLowerCase().replaceAll('ς', 'σ');
}
