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
  let receipt;
  if (body === 'too_large') receipt = PAYLOAD_TOO_LARGE;
  else if (body === 'overloaded') receipt = OVERLOADED;
  else receipt = await receive(body, exchange.request.headers['x-signature']);
  exchange.received(receipt);
  exchange.send(webhookReply(receipt));
}
