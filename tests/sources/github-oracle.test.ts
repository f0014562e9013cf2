// GitHub's own package and the scheme `github` accept the same posts.
import { sign, verify } from '@octokit/webhooks-methods';
import * as fc from 'fast-check';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NOW_MS, accepts, postOf, signedPost, sourceOf, texts } from './signed.ts';

const SECRET = "It's a Secret to Everybody";
const HEADER = 'x-hub-signature-256';

describe('the package of GitHub and the scheme github', () => {
  const source = sourceOf('github', SECRET);
  const acceptsHeader = (header: string, body: string): boolean =>
    accepts(source.verify(postOf({ [HEADER]: header }, body), NOW_MS));

  it('agree on the example of the documentation', async () => {
    const header = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    assert.equal(await verify(SECRET, 'Hello, World!', header), true);
    assert.equal(acceptsHeader(header, 'Hello, World!'), true);
  });

  it('sign alike: what the package signs is accepted, and the other way round', async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (body) => {
        assert.ok(acceptsHeader(await sign(SECRET, body), body));
        const header = signedPost(source, body).headers[HEADER];
        assert.equal(await verify(SECRET, body, String(header)), true);
      }),
      { numRuns: 3_000 },
    );
  });

  it('accept and refuse the same headers', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(texts, edits, async (body, edit) => {
        const header = edit(await sign(SECRET, body));
        // The package throws where there is no header.
        const expected = header !== '' && (await verify(SECRET, body, header));
        assert.equal(acceptsHeader(header, body), expected, JSON.stringify(header));
        accepted += expected ? 1 : 0;
      }),
      { numRuns: 3_000 },
    );
    assert.ok(accepted > 100 && accepted < 2_900, `${accepted} were accepted`);
  });
});

/** What may become of a header. */
const edits: fc.Arbitrary<(header: string) => string> = fc.oneof(
  fc.constantFrom(
    (header: string) => header,
    (header: string) => header.toUpperCase(),
    (header: string) => header.replace(/[a-f]/g, (digit) => digit.toUpperCase()),
    (header: string) => header.slice('sha256='.length),
    (header: string) => header.replace('sha256', 'sha1'),
    (header: string) => ` ${header}`,
    (header: string) => `${header}\t`,
    (header: string) => `${header}, ${header}`,
    (header: string) => `sha256=${header}`,
    () => '',
    () => 'sha256=',
  ),
  fc
    .tuple(
      fc.nat(80),
      fc.nat(2),
      fc.string({ unit: fc.constantFrom('0', 'a', 'F', '=', 'é'), maxLength: 2 }),
    )
    .map(
      ([at, removed, added]) =>
        (header: string) =>
          header.slice(0, at) + added + header.slice(at + removed),
    ),
);
