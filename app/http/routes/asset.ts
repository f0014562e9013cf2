// GET / and the files of the dashboard.
import { type Asset, chooseEncoding } from '../assets.ts';
import type { Exchange } from '../exchange.ts';
import { assetReply } from '../replies.ts';

export function asset(exchange: Exchange, file: Asset): undefined {
  const { headers } = exchange.request;
  const encoding = chooseEncoding(headers['accept-encoding']?.toString());
  exchange.send(assetReply(file, encoding, headers['if-none-match'] ?? ''));
  return undefined;
}
