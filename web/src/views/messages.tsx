// The list of messages, newest first, with its filters, and one message in detail.
import { useEffect, useState } from 'preact/hooks';
import type { Message } from '../api.ts';
import { formatCount } from '../format.ts';
import { RowTime } from '../instant.tsx';
import { useRows, type Rows } from '../rows.ts';
import { hrefOf, replaceRoute } from '../route.ts';
import { useSourceNames } from '../sources.ts';
import { Detail } from './detail.tsx';
import { Filters, type Filter } from './filters.tsx';
import { FirstRun } from './first-run.tsx';
import { Marked } from './marked.tsx';
import { Numbers } from './numbers.tsx';
import { OrderButton } from './order-button.tsx';
import { VirtualList } from './virtual-list.tsx';

const NARROW = '(max-width: 720px)';

export function Messages({ parameters }: { parameters: URLSearchParams }) {
  const filter: Filter = {
    from: parameters.get('from') ?? '',
    since: parameters.get('since') ?? '',
    q: parameters.get('q') ?? '',
    source: parameters.get('source') ?? '',
  };
  const order = parameters.get('order') ?? '';
  const sources = useSourceNames();
  const query = new URLSearchParams(
    Object.entries({ ...filter, order }).filter(([, value]) => value !== ''),
  ).toString();
  const rows = useRows(query);
  const [selected, select] = useState<{ index: number; message: Message } | null>(null);
  useEffect(() => select(null), [query]);
  if (rows.total === 0 && areAll(rows)) return <FirstRun />;
  return (
    <div class="messages">
      <Filters
        filter={filter}
        sources={sources}
        change={(changed) => replaceRoute(hrefOf('messages', { ...changed, order }))}
      />
      <div class="summary">
        <Summary rows={rows} />
        <OrderButton
          order={order}
          change={(changed) => replaceRoute(hrefOf('messages', { ...filter, order: changed }))}
        />
      </div>
      <div class={selected === null ? 'split' : 'split with-detail'}>
        <div class="card list-card">
          <List
            rows={rows}
            selected={selected?.index ?? null}
            select={(index, message) => select({ index, message })}
          />
        </div>
        {selected !== null && (
          <Detail message={selected.message} search={filter.q} close={() => select(null)} />
        )}
      </div>
    </div>
  );
}

interface ListProps {
  readonly rows: Rows;
  readonly selected: number | null;
  readonly select: (index: number, message: Message) => void;
}

function List({ rows, selected, select }: ListProps) {
  const narrow = useMedia(NARROW);
  // What is marked belongs to the rows that are shown, not to what is being typed.
  const search = new URLSearchParams(rows.filters).get('q') ?? '';
  if (rows.total === 0)
    return (
      <p class="empty">
        No message matches. <a href="#/messages">Show all messages</a>
      </p>
    );
  return (
    <VirtualList
      key={`${rows.opened} ${narrow}`}
      label={`Messages, ${orderOf(rows)}`}
      total={rows.total ?? 0}
      rowHeightPx={narrow ? 68 : 48}
      busy={rows.opening}
      selected={selected}
      onRange={rows.want}
      onSelect={(index) => {
        const message = rows.at(index);
        if (message !== null) select(index, message);
      }}
      row={(index) => <Row index={index} message={rows.at(index)} search={search} />}
    />
  );
}

/** The order of the rows that are shown. */
function orderOf({ filters }: Rows): string {
  return new URLSearchParams(filters).get('order') === 'asc' ? 'oldest first' : 'newest first';
}

/** Whether the rows are all messages, in whichever order. */
function areAll({ filters }: Rows): boolean {
  return [...new URLSearchParams(filters).keys()].every((name) => name === 'order');
}

function Summary({ rows }: { rows: Rows }) {
  return (
    <div class="summary" role="status">
      {rows.error !== null ? (
        <>
          <span class="bad-text">Cannot be loaded: {rows.error.message}.</span>
          <button class="button small" type="button" onClick={rows.reload}>
            Try again
          </button>
        </>
      ) : (
        <span class="muted">
          {rows.total === null
            ? 'Loading'
            : `${formatCount(rows.total)} ${areAll(rows) ? 'messages' : 'matching'}, ${orderOf(rows)}`}
        </span>
      )}
      {rows.added > 0 && (
        <button class="button small" type="button" onClick={rows.reload}>
          Show {formatCount(rows.added)} new
        </button>
      )}
    </div>
  );
}

interface RowProps {
  readonly index: number;
  readonly message: Message | null;
  readonly search: string;
}

function Row({ index, message, search }: RowProps) {
  if (message === null)
    return (
      <>
        <span class="row-time">{formatCount(index + 1)}</span>
        <span class="row-numbers" aria-hidden="true">
          <span class="row-waiting" />
        </span>
        <span class="row-text">
          <span class="offscreen">Loading</span>
          <span class="row-waiting" aria-hidden="true" />
        </span>
      </>
    );
  return (
    <>
      <RowTime ts={message.ts} />
      <Numbers from={message.from} to={message.to} />
      {message.text === null ? (
        <span class="row-text muted">no text</span>
      ) : (
        <span class="row-text" dir="auto">
          <Marked text={message.text.slice(0, 400)} search={search} />
        </span>
      )}
    </>
  );
}

function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => window.matchMedia(query).matches);
  useEffect(() => {
    const list = window.matchMedia(query);
    const changed = (): void => setMatches(list.matches);
    list.addEventListener('change', changed);
    return () => list.removeEventListener('change', changed);
  }, [query]);
  return matches;
}
