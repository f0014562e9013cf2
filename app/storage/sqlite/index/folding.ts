// The form in which texts and searches enter the search index: folded, and cut into trigrams by FTS5.
import { foldCase, mayCompose } from '../../../model/search.ts';

/** Code points of a trigram: a shorter search cannot use the index. */
const TRIGRAM_LENGTH = 3;
/** More terms than this exclude hardly a message more: what the index names is compared with the text in any case. */
const TERMS_MAX = 24;

/** Returns the folded text as FTS5 takes it. A query of FTS5 ends at U+0000, so that one is indexed as another control character. */
export function indexedForm(text: string): string {
  return foldCase(text).replaceAll('\0', '\u0001');
}

/** Returns whether a text must be folded to be compared: letters may be joined, or U+0000 ends the functions of SQL that measure it. */
export function isComposing(text: string): boolean {
  return mayCompose(text) || text.includes('\0');
}

/** Returns how many trigrams the index holds of the text. */
export function trigramsOf(text: string): number {
  return Math.max(0, [...indexedForm(text)].length - TRIGRAM_LENGTH + 1);
}

/**
 * Returns the FTS5 query for the messages that may contain `text`: those with each of its trigrams (false positives are removed when
 * the texts are compared). Null where the text has none, so that every message may.
 */
export function candidateQuery(text: string): string | null {
  const points = [...indexedForm(text)];
  const terms = new Set<string>();
  for (let at = 0; at + TRIGRAM_LENGTH <= points.length; at += 1)
    terms.add(points.slice(at, at + TRIGRAM_LENGTH).join(''));
  if (terms.size === 0) return null;
  return evenly([...terms], TERMS_MAX)
    .map((term) => `"${term.replaceAll('"', '""')}"`)
    .join(' AND ');
}

/** Returns at most `max` of the terms, spread over the whole text. */
function evenly(terms: readonly string[], max: number): string[] {
  const step = Math.max(1, terms.length / max);
  const picked: string[] = [];
  for (let at = 0; at < terms.length; at += step) picked.push(terms[Math.floor(at)] ?? '');
  return picked;
}
