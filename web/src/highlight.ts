// Where a text matches a search, for marking it: case-insensitive as the service searches.

/** Cuts the text into parts that match and parts that do not. At most a hundred matches are marked. */
export function markMatches(text: string, search: string): { text: string; match: boolean }[] {
  const wanted = fold(search);
  if (wanted === '') return [{ text, match: false }];
  // Folding may change lengths: `places` tells for each unit of the folded text where it comes from.
  let folded = '';
  const places: number[] = [];
  let place = 0;
  for (const character of text) {
    const lower = fold(character);
    folded += lower;
    for (let i = 0; i < lower.length; i += 1) places.push(place);
    place += character.length;
  }
  places.push(text.length);
  const parts: { text: string; match: boolean }[] = [];
  let end = 0;
  for (let from = 0, found = 0; found < 100; found += 1) {
    const at = folded.indexOf(wanted, from);
    if (at === -1) break;
    from = at + wanted.length;
    const [start = 0, stop = 0] = [places[at], places[from]];
    if (start > end) parts.push({ text: text.slice(end, start), match: false });
    parts.push({ text: text.slice(start, stop), match: true });
    end = stop;
  }
  if (end < text.length) parts.push({ text: text.slice(end), match: false });
  return parts;
}

function fold(text: string): string {
  return text.toLowerCase().replaceAll('ς', 'σ');
}
