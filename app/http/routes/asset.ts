// GET / and the files of the dashboard.
import { type Assets, chooseEncoding } from '../assets.ts';
import { assetReply } from '../replies.ts';
import type { Route } from '../route.ts';

/** Paths that share a label: there are as many files as the build made. */
const ASSETS = '/assets/*';

/** Returns a route for each file. They are open: a browser fetches them before anyone can type a token. */
export function assetRoutes(assets: Assets): readonly Route[] {
  return [...assets].map(([path, asset]) => ({
    path,
    ...(path.startsWith('/assets/') ? { label: ASSETS } : {}),
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
