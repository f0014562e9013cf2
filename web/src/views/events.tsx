// The events: statuses, account changes, posts that could not be read, and all else that is no message, a page at a time.
import { formatCount } from '../format.ts';
import { RowTime } from '../instant.tsx';
import { getEvents, type EventEntry, type EventPage } from '../item-api.ts';
import { usePolled, type Polled } from '../polled.ts';
import { hrefOf, replaceRoute } from '../route.ts';
import { useSourceNames } from '../sources.ts';
import { isFailure, statusOf } from '../status.ts';
import { EventDetail } from './event-detail.tsx';
import { EventFilters, type EventFilter } from './event-filters.tsx';
import { OrderButton } from './order-button.tsx';
import { Pager } from './pager.tsx';

const POLL_MS = 5_000;
const PAGE_ROWS = '50';

export function Events({ parameters }: { parameters: URLSearchParams }) {
  const of = (name: string): string => parameters.get(name) ?? '';
  const filter: EventFilter = {
    source: of('source'),
    type: of('type'),
    subject: of('subject'),
    since: of('since'),
    until: of('until'),
  };
  const [order, cursor, id] = [of('order'), of('cursor'), of('id')];
  const names = useSourceNames();
  const query = queryOf({ ...filter, order: order || 'desc', cursor, limit: PAGE_ROWS });
  const page = usePolled(query, POLL_MS, (signal) => getEvents(query, signal));
  const filtered = Object.values(filter).some((value) => value !== '');
  const hrefFor = (place: Readonly<Record<string, string>>): string =>
    hrefOf('events', { ...filter, order, ...place });
  const pageAt = (found: string | null): string | null =>
    found === null ? null : hrefFor({ cursor: new URLSearchParams(found).get('cursor') ?? '' });
  return (
    <div class="messages">
      <EventFilters
        filter={filter}
        sources={names}
        change={(changed) => replaceRoute(hrefOf('events', { ...changed, order }))}
      />
      <div class="summary">
        <Summary page={page} oldestFirst={order === 'asc'} />
        <OrderButton
          order={order}
          change={(changed) => replaceRoute(hrefFor({ order: changed }))}
        />
      </div>
      <div class={id === '' ? 'split' : 'split with-detail'}>
        <div class="card list-card event-card">
          <List
            page={page.data}
            selected={id}
            filtered={filtered}
            hrefFor={(event) => hrefFor({ cursor, id: event })}
          />
          {page.data !== null && (
            <Pager
              first={cursor === '' ? null : hrefFor({})}
              previous={pageAt(page.data.prev)}
              next={pageAt(page.data.next)}
            />
          )}
        </div>
        {id !== '' && <EventDetail id={id} close={() => replaceRoute(hrefFor({ cursor }))} />}
      </div>
    </div>
  );
}

function queryOf(parameters: Readonly<Record<string, string>>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== '');
  return new URLSearchParams(given).toString();
}

function Summary({ page, oldestFirst }: { page: Polled<EventPage>; oldestFirst: boolean }) {
  const count = page.data?.data.length;
  return (
    <div class="summary" role="status">
      {page.error !== null ? (
        <span class="bad-text">
          Cannot be loaded: {page.error.message}. This page retries automatically.
        </span>
      ) : (
        <span class="muted">
          {count === undefined
            ? 'Loading'
            : `${formatCount(count)} on this page, ${oldestFirst ? 'oldest' : 'newest'} first`}
        </span>
      )}
    </div>
  );
}

interface ListProps {
  readonly page: EventPage | null;
  readonly selected: string;
  readonly filtered: boolean;
  readonly hrefFor: (id: string) => string;
}

function List({ page, selected, filtered, hrefFor }: ListProps) {
  if (page === null) return <p class="empty">Loading</p>;
  if (page.data.length === 0)
    return filtered ? (
      <p class="empty">
        No event matches. <a href={hrefOf('events')}>Show all events</a>
      </p>
    ) : (
      <p class="empty">
        No events yet. Statuses, account changes and all that a provider posts beside messages
        appear here. <a href={hrefOf('sources')}>See the sources</a>
      </p>
    );
  return (
    <ol class="list event-list" aria-label="Events">
      {page.data.map((event) => (
        <li key={event.event_id}>
          <a
            class="event-row"
            href={hrefFor(event.event_id)}
            aria-current={event.event_id === selected ? 'true' : undefined}
          >
            <Entry event={event} />
          </a>
        </li>
      ))}
    </ol>
  );
}

function Entry({ event }: { event: EventEntry }) {
  const status = statusOf(event);
  return (
    <>
      <RowTime ts={event.ts} />
      <span class="event-source">{event.source}</span>
      <span class={`event-type mono ${toneOf(event)}`}>
        {event.type}
        {status !== null && ` ${status}`}
      </span>
      <span class="row-text mono muted">{event.subject ?? event.event_id}</span>
    </>
  );
}

/** Marks what somebody should look at. */
function toneOf(event: EventEntry): string {
  if (isFailure(statusOf(event))) return 'bad-text';
  return event.type === 'unparsed' || event.type === 'conflict' ? 'warn-text' : '';
}
