// Whether a refused post would have been accepted elsewhere: then its sender has the URL of another source.
import { DEFAULT_SOURCE, type SignatureFault } from '../model/source.ts';
import type { Post, Source } from '../sources/scheme.ts';
import { type SigningKeys, signingKeyOf } from './signature.ts';

/** Of a longer body nothing is said, nor of a compressed one: a caller without the key would have it hashed or inflated once for each source. */
const BODY_BYTES_MAX = 65_536;

/**
 * Returns in words which other source a refused post is signed for; null where it is for none. For the log and the operator only: a
 * caller learns nothing from an answer.
 */
export type FindHint = (
  source: Source,
  post: Post,
  fault: SignatureFault,
  nowMs: number,
) => string | null;

/** `sources`: all that are configured; `keys`: those of the default source. */
export function hintFinder(sources: readonly Source[], keys: SigningKeys): FindHint {
  return (source, post, fault, nowMs) => {
    // A signature of the wrong form is a mistake of its own; where there is none, another scheme may find one in its header.
    if (fault !== 'mismatch' && fault !== 'missing') return null;
    if (post.body.length > BODY_BYTES_MAX || post.headers['content-encoding'] !== undefined)
      return null;
    const other = sources.find(
      (candidate) => candidate !== source && 'signedWith' in candidate.receiver.verify(post, nowMs),
    );
    if (other !== undefined) return signedFor(other.name);
    const signature = post.headers['x-signature'];
    const isDefault =
      typeof signature === 'string' && signingKeyOf(keys, post.body, signature) !== null;
    return isDefault ? signedFor(DEFAULT_SOURCE) : null;
  };
}

function signedFor(name: string): string {
  return `the signature is that of the source ${name}: check the URL at the provider`;
}
