// One figure with its name; its place is kept while it loads.
import type { ComponentChildren } from 'preact';

export function Tile({
  name,
  value,
  note,
}: {
  name: string;
  value: string | null;
  note: ComponentChildren;
}) {
  return (
    <section class="card tile" aria-label={name}>
      <h2>{name}</h2>
      <p class={value === null ? 'figure waiting' : 'figure'}>{value ?? '…'}</p>
      <p class="muted">{note}</p>
    </section>
  );
}
