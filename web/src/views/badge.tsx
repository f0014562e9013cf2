// The condition of a source in a word, a colour and a sign.
import { Icon, type IconName } from '../icon.tsx';
import type { Condition } from '../sources.ts';

const SHOWN: Readonly<Record<Condition, readonly [words: string, tone: string, icon: IconName]>> = {
  receiving: ['Receiving', 'good', 'ok'],
  silent: ['Silent', '', 'pause'],
  refusing: ['Refusing', 'bad', 'bad'],
  removed: ['Not configured', 'warn', 'offline'],
};

export function Badge({ condition }: { condition: Condition }) {
  const [words, tone, icon] = SHOWN[condition];
  return (
    <span class={`badge with-sign ${tone}`}>
      <Icon name={icon} />
      {words}
    </span>
  );
}
