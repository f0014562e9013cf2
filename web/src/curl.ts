// The shell command that sends a message, signed on the way.
import type { Message } from './api.ts';
import { addressOf } from './base-path.ts';

/** A string as one word of a POSIX shell: as it is where no character of it means anything there. */
function quoted(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Sends the message to this service with curl; the key is read from `WEBHOOK_SECRET`, so that it is in no history. */
export function curlFor(message: Message): string {
  return [
    `BODY=${quoted(JSON.stringify(message))}`,
    `SIGNATURE=$(printf %s "$BODY" | openssl dgst -sha256 -hmac "$WEBHOOK_SECRET" -r | cut -d' ' -f1)`,
    `curl ${quoted(location.origin + addressOf('/webhook'))} -H 'Content-Type: application/json' \\`,
    `  -H "X-Signature: $SIGNATURE" --data-binary "$BODY"`,
  ].join('\n');
}

/** Copies text, also where the page is not on https and has no clipboard of its own. Gives whether it worked. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'offscreen';
    document.body.append(area);
    area.select();
    // Deprecated, and the only way without https.
    const copied = (document as { execCommand(name: string): boolean }).execCommand('copy');
    area.remove();
    return copied;
  }
}
