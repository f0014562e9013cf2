// What a connection encrypts, and whom it trusts: from the modes of libpq to the options of Node.
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { PostgresTls } from '../../../model/database.ts';

/** Returns the options of a connection; false for one in the clear. Throws what the system throws where a file cannot be read. */
export function tlsOptions(tls: PostgresTls): ConnectionOptions | false {
  const { mode, rootCertificate, certificate, key } = tls;
  if (mode === 'disable') return false;
  // As libpq has it: a root certificate that is named is used.
  const checksChain = mode.startsWith('verify-') || rootCertificate !== null;
  return {
    rejectUnauthorized: checksChain,
    ...(rootCertificate === null ? {} : { ca: readFileSync(rootCertificate) }),
    ...(certificate === null ? {} : { cert: readFileSync(certificate) }),
    ...(key === null ? {} : { key: readFileSync(key) }),
    ...(mode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  };
}
