// The maintenance of a SQLite database behind its port: each method runs one operation of the room `maintenance`.
import type {
  ArchivedMessage,
  BackupOptions,
  BackupReport,
  BulkImport,
  CheckName,
  DatabaseStats,
  Depth,
  ExportFilter,
  Inspection,
  OnProgress,
  Pruned,
  PruneOptions,
  RestoreOptions,
  RestoreReport,
  Selection,
  StoreAdmin,
} from '../admin.ts';
import type { MigrationSource, MigrationTarget } from '../migration.ts';

// Each operation is loaded when it is called: a command loads one of them.

export class SqliteAdmin implements StoreAdmin {
  readonly location: string;
  readonly #path: string;

  /** `path` is absolute. There need be no file. */
  constructor(path: string) {
    this.location = path;
    this.#path = path;
  }

  async check(
    depth: Depth,
    signal: AbortSignal,
    onProgress: OnProgress<CheckName>,
  ): Promise<Inspection> {
    const { checkInWorker } = await import('./maintenance/check-worker.ts');
    return checkInWorker(this.#path, depth, onProgress, signal);
  }

  async repair(onProgress: OnProgress<'lists' | 'search'>): Promise<void> {
    const { repair } = await import('./maintenance/repair.ts');
    repair(this.#path, onProgress);
  }

  async backup(
    { replace, ...options }: BackupOptions,
    onProgress: OnProgress<'copying' | 'checking'>,
  ): Promise<BackupReport> {
    const { backUp } = await import('./maintenance/backup.ts');
    const mode = replace ? 'replace' : 'new';
    return backUp({ source: this.#path, mode, ...options }, onProgress);
  }

  async restore(
    options: RestoreOptions,
    onProgress: OnProgress<'copying' | 'checking'>,
  ): Promise<RestoreReport> {
    const { restore } = await import('./maintenance/restore.ts');
    return restore({ target: this.#path, ...options }, onProgress);
  }

  async *exportMessages(filter: ExportFilter): AsyncGenerator<readonly ArchivedMessage[]> {
    const { exportMessages } = await import('./maintenance/export.ts');
    yield* exportMessages(this.#path, filter);
  }

  async openImport(): Promise<BulkImport> {
    const { FileImport } = await import('./maintenance/import.ts');
    return new FileImport(this.#path);
  }

  async countPrunable(selection: Selection): Promise<number> {
    const { countPrunable } = await import('./maintenance/prune.ts');
    return countPrunable(this.#path, selection);
  }

  async prune(
    selection: Selection,
    { vacuum, signal }: PruneOptions,
    onProgress: OnProgress<'removing' | 'index' | 'shrinking'>,
  ): Promise<Pruned> {
    const { Pruner } = await import('./maintenance/prune.ts');
    const pruner = new Pruner(this.#path, (stage, done) => {
      signal.throwIfAborted();
      onProgress(stage, done, null);
    });
    try {
      return await pruner.prune(selection, vacuum);
    } finally {
      pruner.close();
    }
  }

  async stats(): Promise<DatabaseStats> {
    const { fileStats } = await import('./maintenance/file-stats.ts');
    return fileStats(this.#path);
  }

  async openSource(): Promise<MigrationSource> {
    const { FileSource } = await import('./maintenance/migration-source.ts');
    return new FileSource(this.#path);
  }

  async openTarget(): Promise<MigrationTarget> {
    const { FileTarget } = await import('./maintenance/migration-target.ts');
    return new FileTarget(this.#path);
  }
}
