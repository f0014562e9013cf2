// POST /webhook: reads the bytes, has them received, answers with what became of them.
import { OVERLOADED, PAYLOAD_TOO_LARGE, type Receive } from '../../ingest/receive.ts';
import type { BodyReader } from '../body.ts';
import type { Exchange } from '../exchange.ts';
import { webhookReply } from '../replies.ts';

export async function webhook(
  exchange: Exchange,
  receive: Receive,
  bodies: BodyReader,
): Promise<void> {
  const body = await bodies.read(exchange.request);
  // It took too long, and has been refused meanwhile.
  if (exchange.answered) return;
  if (body instanceof Buffer) {
    const receipt = await receive(body, exchange.request.headers['x-signature']);
    exchange.received(receipt);
    exchange.send(webhookReply(receipt));
  } else {
    const receipt = body === 'too_large' ? PAYLOAD_TOO_LARGE : OVERLOADED;
    exchange.received(receipt);
    exchange.refuse(webhookReply(receipt));
  }
}
