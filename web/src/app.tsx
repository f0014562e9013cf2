// The frame of the dashboard: navigation, the state of the connection, and the view that the address names.
import { useEffect, useRef, useState } from 'preact/hooks';
import { currentConnection, watchConnection } from './api.ts';
import { addressOf } from './base-path.ts';
import { Icon, type IconName } from './icon.tsx';
import { useRoute, type Route } from './route.ts';
import { ThemeButton } from './theme.tsx';
import { TokenPrompt } from './token-prompt.tsx';
import { Events } from './views/events.tsx';
import { Forwarding } from './views/forwarding.tsx';
import { Live } from './views/live.tsx';
import { MessagePage } from './views/message.tsx';
import { Messages } from './views/messages.tsx';
import { Overview } from './views/overview.tsx';
import { Send } from './views/send.tsx';
import { Sources } from './views/sources.tsx';

const VIEWS: readonly { view: string; title: string; icon: IconName }[] = [
  { view: '', title: 'Overview', icon: 'overview' },
  { view: 'messages', title: 'Messages', icon: 'messages' },
  { view: 'events', title: 'Events', icon: 'events' },
  { view: 'sources', title: 'Sources', icon: 'sources' },
  { view: 'forwarding', title: 'Forwarding', icon: 'forwarding' },
  { view: 'live', title: 'Live', icon: 'live' },
  { view: 'send', title: 'Send', icon: 'send' },
];

/** A message by its id: reached from lists and links, not from the navigation. */
const MESSAGE = 'message';

export function App() {
  const route = useRoute();
  const [connection, setConnection] = useState(currentConnection);
  useEffect(() => watchConnection(setConnection), []);
  const title = titleOf(route);
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    document.title = `${title} · Oncebox`;
    // After a change of view the reading goes on at its beginning, not in the navigation.
    if (!first.current) {
      main.current?.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    }
    first.current = false;
  }, [title]);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the content
      </a>
      <header class="bar">
        <a class="brand" href="#/" aria-label="Oncebox">
          <img src={addressOf('/icon.svg')} alt="" width="28" height="28" />
          <span>Oncebox</span>
        </a>
        <nav class="tabs" aria-label="Views">
          {VIEWS.map(({ view, title: name, icon }) => (
            <a
              key={view}
              href={`#/${view}`}
              aria-current={view === route.view ? 'page' : undefined}
            >
              <Icon name={icon} />
              <span>{name}</span>
            </a>
          ))}
        </nav>
        <div class="bar-end">
          <a class="quiet" href={addressOf('/docs')}>
            API
          </a>
          <ThemeButton />
        </div>
      </header>
      {connection === 'offline' && (
        <p class="banner" role="alert">
          <Icon name="offline" />
          <span>
            Oncebox does not answer. The data shown may be outdated; this page retries
            automatically.
          </span>
        </p>
      )}
      <main id="main" ref={main} tabIndex={-1}>
        <h1 class="offscreen">{title}</h1>
        {connection === 'locked' ? <TokenPrompt /> : <View route={route} />}
      </main>
    </>
  );
}

function titleOf({ view, parameters }: Route): string {
  const destination = view === 'forwarding' ? parameters.get('name') : null;
  if (destination !== null) return `Forwarding to ${destination}`;
  if (view === MESSAGE) return 'Message';
  return VIEWS.find((each) => each.view === view)?.title ?? 'Not found';
}

function View({ route }: { route: Route }) {
  if (route.view === '') return <Overview range={route.parameters.get('range') ?? ''} />;
  if (route.view === 'messages') return <Messages parameters={route.parameters} />;
  if (route.view === 'events') return <Events parameters={route.parameters} />;
  if (route.view === 'sources') return <Sources />;
  if (route.view === 'forwarding') return <Forwarding parameters={route.parameters} />;
  if (route.view === MESSAGE) return <MessagePage id={route.parameters.get('id') ?? ''} />;
  if (route.view === 'live') return <Live />;
  if (route.view === 'send') return <Send />;
  return (
    <section class="card empty">
      <h2>Page not found</h2>
      <p>
        Go to the <a href="#/">overview</a>.
      </p>
    </section>
  );
}
