// The service is killed while its index follows removals: the next start goes on, and no removed message is found again.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { ServiceProcess } from '../support/service.ts';
import { Scene } from './index-scene.ts';
import type { Prepared } from './index-scene.ts';
import { mutant } from './mutant.ts';
import { RETAINED, countOf, prepareOldAndYoung, removed } from './removal-scene.ts';

const suite: Cleaner = { after };
const directory = temporaryDirectory(suite);
let prepared: Prepared;
before(async () => {
  prepared = await prepareOldAndYoung(suite, directory);
});

const KILL = "process.kill(process.pid, 'SIGKILL');";
const INDEXER = 'storage/sqlite/index/indexer.ts';
/** Where the indexer is in the step that takes removed messages out of the index, in the words of the source. */
const KILLED: Readonly<Record<string, readonly [file: string, found: string, changed: string]>> = {
  'before the first change': [
    INDEXER,
    'const emptied = removeAll(',
    `${KILL}\n        const emptied = removeAll(`,
  ],
  'between two messages': [
    'storage/sqlite/index/removal.ts',
    "change(database, 'DELETE FROM texts WHERE rowid = ?', removal.seq);",
    `if (removal === removals[40]) ${KILL}
    change(database, 'DELETE FROM texts WHERE rowid = ?', removal.seq);`,
  ],
  'before the commit': [
    INDEXER,
    'senders: index.senders - emptied,\n        });',
    `senders: index.senders - emptied,\n        });\n        ${KILL}`,
  ],
  'after the commit': [
    INDEXER,
    'this.#writing(work);\n    } finally',
    `this.#writing(work);\n      ${KILL}\n    } finally`,
  ],
};

describe('a kill while the index follows removals,', { concurrency: 2 }, () => {
  for (const [name, [file, found, changed]] of Object.entries(KILLED)) {
    it(`${name}: the next start goes on`, async (t) => {
      const scene = new Scene(t, prepared);
      const first = new ServiceProcess(t, {
        directory: scene.directory,
        main: mutant(t, file, found, changed),
        env: RETAINED,
      });
      assert.equal((await first.exit()).signal, 'SIGKILL');
      assert.ok(countOf(scene, 'removals') > 0);
      await scene.start({ env: RETAINED });
      await removed(scene);
      await scene.healed();
      await eventually('the records to go', () => countOf(scene, 'removals') === 0 || undefined);
      await scene.end();
    });
  }
});
