// BASE_PATH against the table of routes: a prefix never begins as one of them does.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readBasePath } from '../../app/config/base-path.ts';
import { ROUTES } from '../../app/http/router.ts';

for (const first of new Set(ROUTES.map(({ path }) => path.split('/')[1] ?? ''))) {
  it(`BASE_PATH is refused where it begins with /${first}, as a route does`, () => {
    assert.throws(() => readBasePath(`/${first}`), { name: 'ConfigError' });
    assert.throws(() => readBasePath(`/${first}/inbox`), { name: 'ConfigError' });
  });
}
