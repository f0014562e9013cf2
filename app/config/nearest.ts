// The known name that a misspelt one most likely stands for.

/** Returns the name with the smallest edit distance, the first of several; null where `names` is empty. */
export function nearestName<Name extends string>(
  wrong: string,
  names: Iterable<Name>,
): { readonly name: Name; readonly distance: number } | null {
  let nearest: { name: Name; distance: number } | null = null;
  for (const name of names) {
    const distance = editDistance(wrong, name);
    if (nearest === null || distance < nearest.distance) nearest = { name, distance };
  }
  return nearest;
}

/** Returns the Levenshtein distance: how many characters to insert, delete or replace. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const shorter = Math.min(above[column] ?? 0, current[column - 1] ?? 0) + 1;
      current.push(Math.min(replaced, shorter));
    }
    above = current;
  }
  return above[b.length] ?? 0;
}
