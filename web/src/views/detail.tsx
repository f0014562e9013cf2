// One message with all that is known of it, beside the list.
import type { Message } from '../api.ts';
import { MessageBody } from './message-body.tsx';
import { Panel } from './panel.tsx';

interface DetailProps {
  readonly message: Message;
  readonly search: string;
  readonly close: () => void;
}

export function Detail({ message, search, close }: DetailProps) {
  return (
    <Panel title="Message" of={message.message_id} close={close}>
      <MessageBody message={message} search={search} linked />
    </Panel>
  );
}
