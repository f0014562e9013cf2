// A request that changes something: whether it is under way, and what came of the last one.
import { useState } from 'preact/hooks';
import { failureWords } from './forwards.ts';

export interface Result {
  readonly good: boolean;
  readonly words: string;
}

interface Action {
  readonly busy: boolean;
  /** Null before the first. */
  readonly result: Result | null;
  /** `request` resolves with what to say. */
  readonly run: (request: () => Promise<string>) => Promise<void>;
}

export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const [result, setResult] = useState<Result | null>(null);
  const run = async (request: () => Promise<string>): Promise<void> => {
    setBusy(true);
    try {
      setResult({ good: true, words: await request() });
    } catch (error) {
      setResult({ good: false, words: failureWords(error) });
    }
    setBusy(false);
  };
  return { busy, result, run };
}
