// The condition of a source or a destination in a word, a colour and a sign.
import type { Destination } from '../forward-api.ts';
import { Icon, type IconName } from '../icon.tsx';
import type { Condition } from '../sources.ts';

type Shown = Condition | Destination['state'];

const SHOWN: Readonly<Record<Shown, readonly [words: string, tone: string, icon: IconName]>> = {
  receiving: ['Receiving', 'good', 'ok'],
  silent: ['Silent', '', 'pause'],
  refusing: ['Refusing', 'bad', 'bad'],
  running: ['Running', 'good', 'ok'],
  slowed: ['Slowed', 'warn', 'pause'],
  disabled: ['Disabled', 'bad', 'bad'],
  removed: ['Not configured', 'warn', 'offline'],
};

export function Badge({ condition }: { condition: Shown }) {
  const [words, tone, icon] = SHOWN[condition];
  return (
    <span class={`badge with-sign ${tone}`}>
      <Icon name={icon} />
      {words}
    </span>
  );
}
