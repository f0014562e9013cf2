// Makes the names in a directory durable: a new or renamed file survives a power cut only when its directory was synced.
import { closeSync, fsyncSync, openSync } from 'node:fs';

/** Errors of file systems that cannot sync a directory, as some FUSE, vfat and network ones. */
const NO_SYNC = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EISDIR'];

/** Makes the names in a directory durable, where its file system can. Throws what the system throws. */
export function syncDirectory(path: string): void {
  // Windows cannot open a directory, and journals names itself.
  if (process.platform === 'win32') return;
  let descriptor: number | null = null;
  try {
    descriptor = openSync(path, 'r');
    fsyncSync(descriptor);
  } catch (error) {
    // A file system that cannot sync a directory makes no promise about names.
    if (!NO_SYNC.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}
