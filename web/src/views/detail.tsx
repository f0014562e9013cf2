// One message with all that is known of it, beside the list.
import type { Message } from '../api.ts';
import { MessageBody, useMessage } from './message-body.tsx';
import { Panel } from './panel.tsx';

interface DetailProps {
  readonly message: Message;
  readonly search: string;
  readonly close: () => void;
}

export function Detail({ message, search, close }: DetailProps) {
  const known = useMessage(message.message_id);
  return (
    <Panel title="Message" of={message.message_id} close={close}>
      <MessageBody message={message} known={known} search={search} linked />
    </Panel>
  );
}
