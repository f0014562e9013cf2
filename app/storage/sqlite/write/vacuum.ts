// Rewrites the whole file without anything that was removed.
import type { DatabaseSync } from 'node:sqlite';

/** `directory`: where the copy is made, which is as large as the database. Throws what SQLite throws. */
export function vacuum(database: DatabaseSync, directory: string): void {
  // The copy is as large as the messages: it goes into a file, and not into another file system than theirs.
  database.exec(`PRAGMA temp_store_directory = '${directory.replaceAll("'", "''")}'`);
  database.exec(
    'PRAGMA auto_vacuum = INCREMENTAL; PRAGMA temp_store = FILE; VACUUM; PRAGMA temp_store = MEMORY',
  );
}
