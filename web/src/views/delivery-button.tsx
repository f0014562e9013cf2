// A button that downloads the body of a post as it came. It is no link: a link could not send the token.
import { useState } from 'preact/hooks';
import { Icon } from '../icon.tsx';
import { getDelivery } from '../item-api.ts';

const RELEASED_AFTER_MS = 60_000;

/** Nothing where no delivery is kept. */
export function DeliveryButton({ number }: { number: number | null }) {
  const [failed, setFailed] = useState(false);
  if (number === null) return null;
  const download = async (): Promise<void> => {
    try {
      save(await getDelivery(number), `delivery-${number}`);
      setFailed(false);
    } catch {
      setFailed(true);
    }
  };
  return (
    <button class="button" type="button" onClick={() => void download()}>
      <Icon name="download" />
      <span aria-live="polite">{failed ? 'It cannot be loaded' : 'Download the delivery'}</span>
    </button>
  );
}

function save(body: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(body);
  link.download = name;
  link.click();
  // Some browsers read it only after the click has been handled.
  setTimeout(() => URL.revokeObjectURL(link.href), RELEASED_AFTER_MS);
}
