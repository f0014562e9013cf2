// What is stored of each type of message of Meta.
import type { Case } from './decoded.ts';
import { message, messagesPost } from './meta-posts.ts';

/** One message of this type; `rest`: the end of it. */
function one(name: string, kind: string, text: string | null, rest: string): Case {
  const payload = `{"from":"5511900000001","id":"wamid.TEST0001","timestamp":"1769990000","type":"${kind}"${rest}}`;
  return {
    name,
    body: messagesPost(payload),
    stored: [
      message(payload, { message: 'wamid.TEST0001', ts: '2026-02-01T23:53:20Z', kind, text }),
    ],
  };
}

export const TYPE_CASES: readonly Case[] = [
  one('text: its body', 'text', 'Olá 😀', String.raw`,"text":{"body":"Ol\u00e1 \ud83d\ude00"}`),
  one('text: an empty body stays empty', 'text', '', ',"text":{"body":""}'),
  one(
    'text that answers another',
    'text',
    'Yes',
    ',"context":{"from":"14155550100","id":"wamid.OUT0001"},"text":{"body":"Yes"}',
  ),
  one(
    'text from an advertisement',
    'text',
    'Hi',
    String.raw`,"referral":{"source_url":"https:\/\/fb.example\/x","source_id":"1","source_type":"ad"},"text":{"body":"Hi"}`,
  ),
  one('text in a group', 'text', 'Hello', ',"group_id":"555555555","text":{"body":"Hello"}'),
  one(
    'text that is more than 4,096 characters',
    'text',
    'é'.repeat(5000),
    `,"text":{"body":"${'é'.repeat(5000)}"}`,
  ),
  one(
    'text with half of a surrogate pair and U+0000',
    'text',
    '\ufffd-\ufffd',
    String.raw`,"text":{"body":"\ud83d-\u0000"}`,
  ),
  one(
    'image: its caption',
    'image',
    'recibo',
    String.raw`,"image":{"mime_type":"image\/jpeg","sha256":"dGVzdA==","id":"30001","caption":"recibo"}`,
  ),
  one(
    'image without caption',
    'image',
    null,
    String.raw`,"image":{"mime_type":"image\/jpeg","sha256":"dGVzdA==","id":"30001"}`,
  ),
  one(
    'video: its caption',
    'video',
    'clip',
    String.raw`,"context":{"forwarded":true},"video":{"caption":"clip","mime_type":"video\/mp4","sha256":"dGVzdA==","id":"30002"}`,
  ),
  one(
    'document: its caption, not its name',
    'document',
    'bill',
    String.raw`,"document":{"caption":"bill","filename":"a.pdf","mime_type":"application\/pdf","sha256":"dGVzdA==","id":"30003"}`,
  ),
  one(
    'audio',
    'audio',
    null,
    String.raw`,"audio":{"mime_type":"audio\/ogg; codecs=opus","sha256":"dGVzdA==","id":"30004","voice":true}`,
  ),
  one(
    'sticker',
    'sticker',
    null,
    String.raw`,"sticker":{"mime_type":"image\/webp","sha256":"dGVzdA==","id":"30005","animated":false}`,
  ),
  one(
    'location',
    'location',
    null,
    ',"location":{"latitude":37.4611978,"longitude":-122.2164385,"name":"Office","address":"1 Some Way"}',
  ),
  one(
    'contacts',
    'contacts',
    null,
    ',"contacts":[{"name":{"formatted_name":"Bo Prova","first_name":"Bo"},"phones":[{"phone":"+55 11 90000-0002","type":"HOME"}]}]',
  ),
  one(
    'reaction: its emoji',
    'reaction',
    '❤️',
    String.raw`,"reaction":{"message_id":"wamid.OUT0001","emoji":"\u2764\ufe0f"}`,
  ),
  one(
    'reaction withdrawn: an empty emoji',
    'reaction',
    null,
    ',"reaction":{"message_id":"wamid.OUT0001","emoji":""}',
  ),
  one(
    'reaction withdrawn: no emoji',
    'reaction',
    null,
    ',"reaction":{"message_id":"wamid.OUT0001"}',
  ),
  one(
    'reply with a button: its title',
    'interactive',
    'Yes',
    ',"interactive":{"type":"button_reply","button_reply":{"id":"yes-1","title":"Yes"}}',
  ),
  one(
    'reply from a list: its title',
    'interactive',
    'Tuesday',
    ',"interactive":{"type":"list_reply","list_reply":{"id":"d2","title":"Tuesday","description":"2 to 4"}}',
  ),
  one(
    'reply of a flow',
    'interactive',
    null,
    String.raw`,"interactive":{"type":"nfm_reply","nfm_reply":{"name":"flow","body":"Sent","response_json":"{\"a\":1}"}}`,
  ),
  one(
    'reply to a request to call',
    'interactive',
    null,
    ',"interactive":{"type":"call_permission_reply","call_permission_reply":{"response":"accept","expiration_timestamp":1753186982}}',
  ),
  one(
    'button of a template: its title',
    'button',
    'Stop',
    ',"button":{"payload":"p1","text":"Stop"}',
  ),
  one(
    'order',
    'order',
    null,
    ',"order":{"catalog_id":"800","product_items":[{"product_retailer_id":"p-1","quantity":2,"item_price":10.50,"currency":"BRL"}]}',
  ),
  one(
    'unsupported, with its errors',
    'unsupported',
    null,
    ',"errors":[{"code":131051,"title":"Message type unknown","error_data":{"details":"x"}}]',
  ),
  one('request_welcome, which has no content', 'request_welcome', null, ''),
  one(
    'edit of a text: the new text',
    'edit',
    'new words',
    ',"edit":{"original_message_id":"wamid.TEST0000","message":{"type":"text","text":{"body":"new words"}}}',
  ),
  one(
    'edit of a caption: the new caption',
    'edit',
    'new caption',
    ',"edit":{"original_message_id":"wamid.TEST0000","message":{"type":"image","image":{"caption":"new caption","id":"30001"}}}',
  ),
  one(
    'edit of an edit',
    'edit',
    null,
    ',"edit":{"message":{"type":"edit","edit":{"message":{"type":"text","text":{"body":"x"}}}}}',
  ),
  one('revoke', 'revoke', null, ',"revoke":{"original_message_id":"wamid.TEST0001"}'),
  one('a type that did not exist yet', 'hologram', null, ',"hologram":{"caption":"x","body":"y"}'),
  one('a type that is the name of something in JavaScript', 'constructor', null, ''),
  one('text whose content has another shape', 'text', null, ',"text":"plain"'),
  one('text whose body is a number', 'text', null, ',"text":{"body":12345678901234567890}'),
];
