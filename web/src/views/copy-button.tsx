// A button that copies a text and says whether it worked.
import { useEffect, useState } from 'preact/hooks';
import { copyText } from '../curl.ts';
import { Icon } from '../icon.tsx';

interface CopyButtonProps {
  readonly label: string;
  /** What is copied, for those who do not see what the button stands beside. */
  readonly what?: string;
  readonly text: () => string;
  readonly small?: boolean;
}

export function CopyButton({ label, what, text, small = false }: CopyButtonProps) {
  const [said, say] = useState<string | null>(null);
  useEffect(() => {
    if (said === null) return undefined;
    const timer = setTimeout(() => say(null), 2_000);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async (): Promise<void> => say((await copyText(text())) ? 'Copied' : 'Not copied');
  return (
    <button class={small ? 'button small' : 'button'} type="button" onClick={() => void copy()}>
      <Icon name="copy" />
      <span aria-live="polite">
        {said ?? label}
        {said === null && what !== undefined && <span class="offscreen"> {what}</span>}
      </span>
    </button>
  );
}
