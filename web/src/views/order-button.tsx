// A button that turns a list around. Newest first is the default, and not in the address.

interface OrderButtonProps {
  /** `asc`, or empty for the newest first. */
  readonly order: string;
  readonly change: (order: string) => void;
}

export function OrderButton({ order, change }: OrderButtonProps) {
  const oldestFirst = order === 'asc';
  return (
    <button class="button small" type="button" onClick={() => change(oldestFirst ? '' : 'asc')}>
      Show {oldestFirst ? 'newest' : 'oldest'} first
    </button>
  );
}
