// The signature that GitHub and Meta share: `X-Hub-Signature-256` over the body alone.
import { OF_THE_BODY, signatureScheme } from './signature.ts';

/** The name of its header, in lower case. */
export const HUB_HEADER = 'x-hub-signature-256';

export const HUB_SIGNATURE = signatureScheme({
  ...OF_THE_BODY,
  header: 'X-Hub-Signature-256',
  form: { prefix: 'sha256=' },
  hash: 'sha256',
  encoding: 'hex',
});
