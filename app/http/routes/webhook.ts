// POST /webhook: reads the bytes, has them received, answers with what became of them.
import { PAYLOAD_TOO_LARGE, receive } from '../../ingest/receive.ts';
import type { Store } from '../../model/store.ts';
import { readBody } from '../body.ts';
import type { Exchange } from '../exchange.ts';
import { webhookReply } from '../replies.ts';

export async function webhook(
  exchange: Exchange,
  store: Store,
  secret: Buffer,
  bodyBytesMax: number,
): Promise<void> {
  const body = await readBody(exchange.request, bodyBytesMax);
  const receipt =
    body === 'too_large'
      ? PAYLOAD_TOO_LARGE
      : await receive(store, secret, body, exchange.request.headers['x-signature']);
  exchange.received(receipt);
  exchange.send(webhookReply(receipt));
}
