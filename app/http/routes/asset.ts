// GET / and the files of the dashboard.
import { type Assets, chooseEncoding } from '../assets.ts';
import { assetReply } from '../replies.ts';
import type { Route } from '../route.ts';

/** Returns a route for each file. They are open: a browser fetches them before anyone can type a token. */
export function assetRoutes(assets: Assets): readonly Route[] {
  return [...assets].map(([path, asset]) => ({
    path,
    access: 'open',
    methods: {
      GET: {
        handle(exchange) {
          const { headers } = exchange.request;
          const encoding = chooseEncoding(headers['accept-encoding']?.toString());
          exchange.send(assetReply(asset, encoding, headers['if-none-match'] ?? ''));
          return undefined;
        },
        openapi: null,
      },
    },
  }));
}
