// Asks before something that cannot be undone: a dialog over the page, closed by Escape as by its button.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

const CONFIRMED = 'confirmed';

interface ConfirmProps {
  readonly title: string;
  /** What the button that goes on says. */
  readonly action: string;
  readonly close: (confirmed: boolean) => void;
  readonly children: ComponentChildren;
}

export function Confirm({ title, action, close, children }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  // The element closes itself before it is taken away: so the focus goes back to where it was.
  return (
    <dialog
      class="card dialog"
      ref={dialog}
      aria-labelledby="confirm"
      onClose={(event) => close(event.currentTarget.returnValue === CONFIRMED)}
    >
      <h2 id="confirm">{title}</h2>
      {children}
      <div class="actions">
        <button class="button" type="button" onClick={() => dialog.current?.close()}>
          Cancel
        </button>
        <button
          class="button danger"
          type="button"
          onClick={() => dialog.current?.close(CONFIRMED)}
        >
          {action}
        </button>
      </div>
    </dialog>
  );
}
