// GET /openapi.json: the description of the API.
import manifest from '../../../package.json' with { type: 'json' };
import type { Exchange } from '../exchange.ts';
import { describeApi } from '../openapi/document.ts';
import { okJson } from '../replies.ts';

/** Written out once: it is the same for every caller. */
const reply = okJson(describeApi(manifest.version));

export function openApi(exchange: Exchange): undefined {
  exchange.send(reply);
  return undefined;
}
