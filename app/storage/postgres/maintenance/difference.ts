// The sentence about two counts that differ.

export function difference(what: string, kept: number, scanned: number): string[] {
  return kept === scanned ? [] : [`${what}: ${kept} kept, ${scanned} by a scan`];
}
