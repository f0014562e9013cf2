// Requests to the webhook of a source, with the status that each gets.
import { signedBy, whatsapp, whatsappText } from '../support/sources.ts';
import type { Asked } from './ask.ts';

type Case = readonly [status: number, asked: Asked];

/** The first is one that is stored. `bodyBytesMax`: the longest body of the source `wa`. */
export function sourceRequests(bodyBytesMax: number): readonly [Case, ...Case[]] {
  const body = whatsapp({ messages: [whatsappText('w2', 'b')] });
  const headers = signedBy('wa', Buffer.from(body));
  const long = 'x'.repeat(bodyBytesMax + 1);
  const handshake = (token: string): string =>
    new URLSearchParams({
      'hub.mode': 'subscribe',
      'hub.verify_token': token,
      'hub.challenge': '1158201444',
    }).toString();
  return [
    [200, { method: 'POST', path: '/webhook/wa', headers, body }],
    [200, { method: 'POST', path: '/webhook/wa/', headers, body }],
    [401, { method: 'POST', path: '/webhook/wa', body }],
    [413, { method: 'POST', path: '/webhook/wa', headers, body: long }],
    [404, { method: 'POST', path: '/webhook/none', headers, body }],
    [200, { method: 'GET', path: '/webhook/wa', query: handshake('the-token-of-wa') }],
    [403, { method: 'GET', path: '/webhook/wa', query: handshake('another') }],
    [403, { method: 'GET', path: '/webhook/wa' }],
    [404, { method: 'GET', path: '/webhook/none' }],
    [405, { method: 'GET', path: '/webhook/bill' }],
  ];
}
