// Sources as an operator configures them, and bodies as their providers write them, with invented values.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cleaner, temporaryDirectory } from '../support/cleanup.ts';
import type { Environment } from '../support/service.ts';

/** One source of each kind that the tests of the command use, with the variables of its settings. */
export const SOURCES: Environment = {
  SOURCES:
    'whatsapp:meta,sms:twilio,billing:stripe,code:github,chat:slack,shop:shopify,mail:standard',
  SOURCE_WHATSAPP_SECRET: 'app-secret-of-the-tests',
  SOURCE_WHATSAPP_VERIFY_TOKEN: 'verify-token-of-the-tests',
  SOURCE_SMS_SECRET: 'auth-token-of-the-tests',
  SOURCE_SMS_PUBLIC_URL: 'https://hooks.example.com/webhook/sms?unit=7',
  SOURCE_BILLING_SECRET: 'whsec_secret-of-the-tests',
  SOURCE_BILLING_SECRET_PREVIOUS: 'whsec_secret-before-that',
  SOURCE_CODE_SECRET: "It's a Secret to Everybody",
  SOURCE_CHAT_SECRET: 'signing-secret-of-the-tests',
  SOURCE_SHOP_SECRET: 'client-secret-of-the-tests',
  SOURCE_MAIL_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
};

/** A body of each source, and where what it becomes is listed: the id, as far as it is known before. */
export const BODIES = {
  whatsapp: JSON.stringify({
    object: 'whatsapp_business_account',
    entry: [
      {
        id: '900100200300400',
        changes: [
          {
            field: 'messages',
            value: {
              messaging_product: 'whatsapp',
              metadata: { display_phone_number: '14155550100', phone_number_id: '700800900100200' },
              contacts: [{ profile: { name: 'Ana Prova' }, wa_id: '5511900000001' }],
              messages: [
                {
                  from: '5511900000001',
                  id: 'wamid.CLI0001',
                  timestamp: '1769990000',
                  type: 'text',
                  text: { body: 'Olá' },
                },
              ],
            },
          },
        ],
      },
    ],
  }),
  sms: 'MessageSid=SM00000000000000000000000000000001&AccountSid=AC2&From=%2B15551230001&To=%2B14155550100&Body=Hi+there%21&NumMedia=0',
  billing:
    '{"id":"evt_CLI0001","object":"event","created":1769990000,"type":"payment_intent.succeeded","data":{"object":{"id":"pi_1","amount":1099}}}',
  code: '{"ref":"refs/heads/main","repository":{"id":1,"full_name":"acme/widget"}}',
  chat: '{"type":"event_callback","event_id":"Ev0001","event_time":1769990000,"event":{"type":"message","text":"hi"}}',
  shop: '{"id":820982911946154508,"email":"jon@example.com"}',
  mail: '{"type":"email.received","timestamp":"2026-02-02T00:00:00Z","data":{"id":"m1"}}',
} as const;

/** Writes a body to a file of its own. */
export function fileOf(t: Cleaner, body: string): string {
  const file = join(temporaryDirectory(t), 'body');
  writeFileSync(file, body);
  return file;
}
