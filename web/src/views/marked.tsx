// A text with what was searched for marked. It is always text: nothing in it is read as HTML.
import { markMatches } from '../highlight.ts';

export function Marked({ text, search }: { text: string; search: string }) {
  if (search === '') return <>{text}</>;
  return (
    <>
      {markMatches(text, search).map((part, index) =>
        part.match ? <mark key={index}>{part.text}</mark> : part.text,
      )}
    </>
  );
}
