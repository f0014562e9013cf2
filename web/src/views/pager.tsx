// The links between the pages of a list; there are none where the list has one page.
interface PagerProps {
  /** Addresses; null where there is no such page, or where this is the first one. */
  readonly first: string | null;
  readonly previous?: string | null;
  readonly next: string | null;
}

export function Pager({ first, previous = null, next }: PagerProps) {
  if (first === null && previous === null && next === null) return null;
  return (
    <nav class="pager" aria-label="Pages">
      {first !== null && <a href={first}>First page</a>}
      {previous !== null && (
        <a href={previous} rel="prev">
          Previous
        </a>
      )}
      {next !== null && (
        <a href={next} rel="next">
          Next
        </a>
      )}
    </nav>
  );
}
