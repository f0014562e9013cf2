// GET /openapi.json: the description of the API.
import type { Route } from '../route.ts';

export const openApi: Route = {
  path: '/openapi.json',
  access: 'open',
  methods: {
    GET: {
      handle(exchange, { apiDescription }) {
        exchange.send(apiDescription());
        return undefined;
      },
      openapi: null,
    },
  },
};
