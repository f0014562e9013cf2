// SIGTERM under load: the end is clean, what was acknowledged is stored, and each outcome was told to the post it belongs to.
import { it } from 'node:test';
import { assertOutcomes } from './outcomes.ts';

it('stopped in the midst of many posts: nothing is lost, and each message was created once', async (t) => {
  await assertOutcomes(t);
});
