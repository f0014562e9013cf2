// Requests about the destination `app`, with the statuses that the description promises for them.
import type { Asked } from './ask.ts';

type Described = readonly [described: string, asked: Asked];
type Case = readonly [status: number, ...described: Described];

/** Each with the path as the description names it. `headers`: those with the token. */
export function forwardRequests(headers: Readonly<Record<string, string>>): readonly Case[] {
  const dead = (name: string, query: string, token = headers): Described => [
    '/forwards/{name}/dead',
    { method: 'GET', path: `/forwards/${name}/dead`, query, headers: token },
  ];
  const json = { ...headers, 'Content-Type': 'application/json' };
  const long = JSON.stringify({ ids: ['x'.repeat(1_048_576)] });
  const attempts = (query: string): Described => [
    '/forwards/attempts',
    { method: 'GET', path: '/forwards/attempts', query, headers },
  ];
  return [
    [200, ...attempts('seq=1')],
    [404, ...attempts('seq=4711')],
    [200, ...dead('app', '')],
    [200, ...dead('app', 'limit=1&cursor=2')],
    [401, ...dead('app', '', {})],
    [404, ...dead('none', '')],
    [422, ...dead('app', 'limit=0&cursor=x')],
    ...['retry', 'discard', 'replay'].flatMap((verb): Case[] => {
      const body = JSON.stringify(verb === 'replay' ? { from: 1 } : { all: true });
      const post = (name: string, token: typeof headers, text: string): Described => [
        `/forwards/{name}/${verb}`,
        { method: 'POST', path: `/forwards/${name}/${verb}`, headers: token, body: text },
      ];
      return [
        [200, ...post('app', json, body)],
        [401, ...post('app', {}, body)],
        [404, ...post('none', json, body)],
        [413, ...post('app', json, long)],
        [415, ...post('app', headers, body)],
        [422, ...post('app', json, '{"ids":[],"from":0}')],
      ];
    }),
  ];
}
