// The list of messages, newest first, with its filters, and one message in detail.
import { useEffect, useState } from 'preact/hooks';
import type { Message } from '../api.ts';
import { formatCount } from '../format.ts';
import { Time } from '../instant.tsx';
import { useRows, type Rows } from '../page-cache.ts';
import { hrefOf, replaceRoute } from '../route.ts';
import { Detail } from './detail.tsx';
import { Filters, type Filter } from './filters.tsx';
import { FirstRun } from './first-run.tsx';
import { Marked } from './marked.tsx';
import { VirtualList } from './virtual-list.tsx';

const NARROW = '(max-width: 720px)';

export function Messages({ parameters }: { parameters: URLSearchParams }) {
  const filter: Filter = {
    from: parameters.get('from') ?? '',
    since: parameters.get('since') ?? '',
    q: parameters.get('q') ?? '',
  };
  const query = new URLSearchParams(
    Object.entries(filter).filter(([, value]) => value !== ''),
  ).toString();
  const rows = useRows(query);
  const [selected, select] = useState<{ index: number; message: Message } | null>(null);
  useEffect(() => select(null), [query]);
  const narrow = useMedia(NARROW);
  if (rows.total === 0 && query === '') return <FirstRun />;
  return (
    <div class="messages">
      <Filters
        filter={filter}
        change={(changed) => replaceRoute(hrefOf('messages', { ...changed }))}
      />
      <Summary rows={rows} filtered={query !== ''} />
      <div class={selected === null ? 'split' : 'split with-detail'}>
        <div class="card list-card">
          {rows.total === 0 ? (
            <p class="empty">
              No message matches. <a href="#/messages">Show all messages</a>
            </p>
          ) : (
            <VirtualList
              key={query}
              label="Messages, newest first"
              total={rows.total ?? 0}
              rowHeightPx={narrow ? 68 : 48}
              selected={selected?.index ?? null}
              onRange={rows.want}
              onSelect={(index) => {
                const message = rows.at(index);
                if (message !== null) select({ index, message });
              }}
              row={(index) => <Row message={rows.at(index)} search={filter.q} />}
            />
          )}
        </div>
        {selected !== null && (
          <Detail message={selected.message} search={filter.q} close={() => select(null)} />
        )}
      </div>
    </div>
  );
}

function Summary({ rows, filtered }: { rows: Rows; filtered: boolean }) {
  return (
    <div class="summary" role="status">
      {rows.error !== null ? (
        <>
          <span class="bad-text">Cannot be read: {rows.error.message}.</span>
          <button class="button small" type="button" onClick={rows.reload}>
            Try again
          </button>
        </>
      ) : (
        <span class="muted">
          {rows.total === null
            ? 'Loading'
            : `${formatCount(rows.total)} ${filtered ? 'matching' : 'messages'}, newest first`}
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

function Row({ message, search }: { message: Message | null; search: string }) {
  if (message === null) return <span class="row-waiting">Loading</span>;
  return (
    <>
      <span class="row-time">
        <Time ts={message.ts} />
      </span>
      <span class="row-numbers mono">
        {message.from}{' '}
        <span class="arrow" aria-label="to">
          →
        </span>{' '}
        {message.to}
      </span>
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
