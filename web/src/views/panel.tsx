// Something in detail beside a list, or above it on a phone: closed by its button and by Escape, which return the focus to the list.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Icon } from '../icon.tsx';

interface PanelProps {
  readonly title: string;
  /** Another one means another thing: the reading starts at the heading again. */
  readonly of: string;
  readonly close: () => void;
  readonly children: ComponentChildren;
}

export function Panel({ title, of, close, children }: PanelProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const opener = useRef(document.activeElement);
  useEffect(() => heading.current?.focus({ preventScroll: true }), [of]);
  const leave = (): void => {
    close();
    if (opener.current instanceof HTMLElement) opener.current.focus({ preventScroll: true });
  };
  return (
    <section
      class="card detail"
      aria-labelledby="detail"
      onKeyDown={(event) => event.key === 'Escape' && leave()}
    >
      <div class="card-head">
        <h2 id="detail" tabIndex={-1} ref={heading}>
          {title}
        </h2>
        <button
          class="icon-button"
          type="button"
          onClick={leave}
          aria-label="Close"
          title="Close (Escape)"
        >
          <Icon name="close" />
        </button>
      </div>
      {children}
    </section>
  );
}
