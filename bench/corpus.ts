// The messages of the benchmarks: natural-looking texts from a seed, ids as random as real ones, 5,000 senders.
import { randomFillSync } from 'node:crypto';
import type { Message } from '../app/model/message.ts';

const VOCABULARY_SEED = 20_260;
const VOCABULARY_WORDS = 5_000;
/** Words are drawn from a deck in which each has a number of cards by its rank, so that a draw is one look-up. */
const DECK_CARDS = 65_536;
const SENDERS = 5_000;
/** One message in five comes from one of these few, so that a busy sender fills a page in a small table too. */
const BUSY_SENDERS = 10;
const BUSY_SHARE = 0.2;
const TEXT_LENGTH_MIN = 20;
const TEXT_LENGTH_MAX = 400;
const ID_RANDOM_BYTES = 24;
const ONSETS = ['b', 'c', 'd', 'f', 'g', 'h', 'l', 'm', 'n', 'p', 'r', 's', 't', 'v', 'st', 'tr'];
const VOWELS = ['a', 'e', 'i', 'o', 'u', 'a', 'e', 'o', 'é', 'ai', 'ou'];
const CODAS = ['', '', '', 'n', 'r', 's', 't', 'l', 'nd', 'ck'];

/** Stands in one text of ten thousand in a filled table, and in no other. */
export const RARE_WORD = 'zyxquorv';
/** Stands in one text of ten in a filled table, and in no other. */
export const COMMON_WORD = 'qwijtzum';
/** Too short for an index of trigrams; only the texts with the common word have it. */
export const TWO_LETTERS = COMMON_WORD.slice(0, 2);
const RARE_EVERY = 10_000;
const COMMON_EVERY = 10;

/** How many of the first `rows` messages of a filled table hold each planted word. */
export function planted(rows: number): { rare: number; common: number } {
  return { rare: Math.floor(rows / RARE_EVERY), common: Math.floor(rows / COMMON_EVERY) };
}

/** Numbers from 0 to below 1, the same ones for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The number of a busy sender, counted round. */
export function busySender(index: number): string {
  return sender(index % BUSY_SENDERS);
}

function sender(index: number): string {
  return `+9198${String(10_000_000 + index * 17)}`;
}

/** Two of the most frequent words, one after the other, as many texts have them. */
export function phrase(): string {
  return vocabulary(randomNumbers(VOCABULARY_SEED)).slice(0, 2).join(' ');
}

export class Corpus {
  readonly #random: () => number;
  readonly #deck: readonly string[];
  readonly #idBytes = Buffer.alloc(ID_RANDOM_BYTES * 1_024);
  #idOffset = this.#idBytes.length;

  /** Each seed gives other messages of the same words. */
  constructor(seed: number) {
    this.#random = randomNumbers(seed);
    this.#deck = deckOf(vocabulary(randomNumbers(VOCABULARY_SEED)));
  }

  /** The next message, with an id that was never used. `tsMs` is its instant in milliseconds since 1970, cut to seconds. */
  message(tsMs: number): Message {
    return {
      message_id: this.#id(),
      from: this.#sender(),
      to: '+14155550100',
      ts: `${new Date(tsMs).toISOString().slice(0, 19)}Z`,
      text: this.#text(),
    };
  }

  /** The message number `index` (from 0) of a filled table: with a planted word where its number says so. */
  plantedMessage(index: number, tsMs: number): Message {
    const message = this.message(tsMs);
    if (index % RARE_EVERY === RARE_EVERY - 1) return withWord(message, RARE_WORD);
    if (index % COMMON_EVERY === 3) return withWord(message, COMMON_WORD);
    return message;
  }

  #id(): string {
    if (this.#idOffset === this.#idBytes.length) {
      randomFillSync(this.#idBytes);
      this.#idOffset = 0;
    }
    const start = this.#idOffset;
    this.#idOffset += ID_RANDOM_BYTES;
    return `wamid.${this.#idBytes.toString('base64', start, this.#idOffset)}`;
  }

  #sender(): string {
    const choices = this.#random() < BUSY_SHARE ? BUSY_SENDERS : SENDERS;
    return sender(Math.floor(this.#random() * choices));
  }

  #text(): string {
    const length =
      TEXT_LENGTH_MIN + Math.floor(this.#random() * (TEXT_LENGTH_MAX - TEXT_LENGTH_MIN + 1));
    let text = this.#word();
    while (text.length < length) text += ` ${this.#word()}`;
    return text.slice(0, length);
  }

  #word(): string {
    return this.#deck[Math.floor(this.#random() * DECK_CARDS)] ?? '';
  }
}

function withWord(message: Message, word: string): Message {
  const text = message.text ?? '';
  return { ...message, text: `${text.slice(0, TEXT_LENGTH_MAX - word.length - 1)} ${word}` };
}

/** Words of one to four syllables; the frequent ones are shorter. */
function vocabulary(random: () => number): string[] {
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? '';
  const words = new Set<string>();
  while (words.size < VOCABULARY_WORDS) {
    const syllables = 1 + Math.floor(random() * (words.size < 200 ? 2 : 4));
    let word = '';
    for (let count = 0; count < syllables; count += 1) word += pick(ONSETS) + pick(VOWELS);
    words.add(word + pick(CODAS));
  }
  return [...words];
}

/** Zipf's law: the word of rank r is drawn in proportion to 1 / r. */
function deckOf(words: readonly string[]): string[] {
  let harmonic = 0;
  for (let rank = 1; rank <= words.length; rank += 1) harmonic += 1 / rank;
  const deck: string[] = [];
  let reached = 0;
  for (const [index, word] of words.entries()) {
    reached += DECK_CARDS / harmonic / (index + 1);
    while (deck.length < reached) deck.push(word);
  }
  return deck.slice(0, DECK_CARDS);
}
