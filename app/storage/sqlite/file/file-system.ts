// Where the database lies: whether on a disk of this machine, since SQLite rests on locks and syncs that others only promise, and who may read it.
import { statfsSync, statSync } from 'node:fs';

/** Types that Linux gives in statfs(2), of file systems whose disk is elsewhere, or may be. */
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

/** The name of the file system that holds `path`, where its disk may be another machine's; else null. Never throws. */
export function networkFileSystem(path: string): string | null {
  // The numbers are Linux's: elsewhere they mean something else.
  if (process.platform !== 'linux') return null;
  try {
    return remoteName(statfsSync(path).type);
  } catch {
    return null;
  }
}

/** The name behind a type of statfs(2), null for a local one. 32-bit types may come with their sign extended. */
export function remoteName(type: number): string | null {
  return REMOTE.get(type >>> 0) ?? null;
}

/**
 * The permissions of the file as three octal digits, where others than its owner may read or write it; else null. Files
 * that the service makes are for their owner alone; one that was there keeps what its owner gave it. Never throws.
 */
export function openToOthers(path: string): string | null {
  // Windows has no such permissions: what is shown there is made up.
  if (process.platform === 'win32') return null;
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  return (mode & 0o077) === 0 ? null : (mode & 0o777).toString(8).padStart(3, '0');
}
