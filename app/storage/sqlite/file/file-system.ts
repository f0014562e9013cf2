// Where the database is stored: on a network file system, which may not honour the locks and syncs of SQLite, or open to others.
import { statfsSync, statSync } from 'node:fs';

/** Types in Linux's statfs(2) of file systems that are remote, or may be. */
const REMOTE: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x01161970, 'GFS2'],
  [0x01021997, '9p'],
  [0x65735546, 'FUSE (sshfs and others)'],
]);

/** Returns the name of the file system of `path` if it may be remote, else null. Never throws. */
export function networkFileSystem(path: string): string | null {
  // The numbers are Linux's; other systems use others.
  if (process.platform !== 'linux') return null;
  try {
    return remoteName(statfsSync(path).type);
  } catch {
    return null;
  }
}

/** Returns the name of a type of statfs(2), null for a local one. 32-bit types may be sign-extended. */
export function remoteName(type: number): string | null {
  return REMOTE.get(type >>> 0) ?? null;
}

/**
 * Returns the permissions of the file as three octal digits if others than its owner may read or write it, else null. Files that
 * the service creates are for their owner alone; the permissions of an existing file are kept. Throws where it cannot be reached.
 */
export function openToOthers(path: string): string | null {
  // Windows has no such permissions; Node makes them up.
  if (process.platform === 'win32') return null;
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  return (mode & 0o077) === 0 ? null : (mode & 0o777).toString(8).padStart(3, '0');
}
