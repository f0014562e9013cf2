// Who sent a message, and to which number, as a row shows it.

export function Numbers({ from, to }: { from: string; to: string }) {
  return (
    <span class="row-numbers mono">
      {from}
      <span class="row-to">
        {' '}
        <span class="arrow" aria-hidden="true">
          →
        </span>
        <span class="offscreen">to</span> {to}
      </span>
    </span>
  );
}
