// GET /openapi.json: the description of the API.
import manifest from '../../../package.json' with { type: 'json' };
import type { Exchange } from '../exchange.ts';
import { describeApi } from '../openapi/document.ts';
import { okJson } from '../replies.ts';

/** Returns the handler. The description is written out once: it is the same for every caller. */
export function openApi(basePath: string): (exchange: Exchange) => undefined {
  const reply = okJson(describeApi(manifest.version, basePath));
  return (exchange) => {
    exchange.send(reply);
    return undefined;
  };
}
