// The state of a source, in words.
import { getSources, type SourceState } from './item-api.ts';
import { usePolled } from './polled.ts';

/** The source of `POST /webhook`: it needs no settings, and no delivery of it is kept. */
export const DEFAULT_SOURCE = 'default';
/** Where the sources are what is looked at, and where they are a choice in a form. */
const WATCHED_MS = 3_000;
const LISTED_MS = 30_000;
/** A source that was silent for longer is said to be: it may be right, and may be news. */
const SILENT_MS = 86_400_000;

/** The sources that are configured, or were, kept up to date. */
export function useSources() {
  return usePolled('sources', WATCHED_MS, getSources);
}

/** The names of the sources, for a choice; empty until they are known. */
export function useSourceNames(): readonly string[] {
  const { data } = usePolled('sources', LISTED_MS, getSources);
  return (data ?? []).map(({ source }) => source);
}

export type Condition = 'receiving' | 'silent' | 'refusing' | 'removed';

/** `refusing`: the last post was refused. `removed`: it is not configured any more. */
export function conditionOf(source: SourceState, nowMs: number): Condition {
  if (source.scheme === null) return 'removed';
  const receivedMs = lastReceivedMs(source);
  const failure = source.last_failure;
  if (failure !== null && Date.parse(failure.at) > receivedMs) return 'refusing';
  return nowMs - receivedMs < SILENT_MS ? 'receiving' : 'silent';
}

/** When something of a source came last, stored or sent again: ISO-8601; null where nothing has. */
export function lastReceived(source: SourceState): string | null {
  const ms = lastReceivedMs(source);
  return ms === 0 ? null : new Date(ms).toISOString();
}

function lastReceivedMs({ last_delivery, last_received_at }: SourceState): number {
  return Math.max(Date.parse(last_delivery ?? '') || 0, Date.parse(last_received_at ?? '') || 0);
}

/** What to look for, by the reason of the last refused post. */
const REASONS: Readonly<Record<string, string>> = {
  missing:
    'It had no signature: it was not from the provider, or a proxy removed the header of the signature.',
  malformed: 'It had a signature of another form: the source may have the wrong scheme.',
  mismatch:
    'Its signature is not valid with this secret: the secret is another one, or something changed the post on its way.',
  timestamp:
    'It was signed too long ago, or in the future: check the clock of this machine. An old post that is sent again is refused too.',
  payload_too_large: 'It was longer than the source accepts.',
  validation_error: 'Its content broke the rules of POST /webhook.',
};

/** A sentence on a refusal. A reason that is not known here is shown as it is. */
export function refusalWords(reason: string): string {
  return REASONS[reason] ?? `It could not be stored: ${reason.replaceAll('_', ' ')}.`;
}

/** The variable of a setting of a source. */
export function settingOf(source: string, name: string): string {
  return `SOURCE_${source.toUpperCase().replaceAll('-', '_')}_${name}`;
}
