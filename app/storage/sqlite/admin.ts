// The maintenance of a SQLite database behind its port: each method runs one operation of `maintenance/`.
import type {
  BackupOptions,
  BackupReport,
  CheckName,
  DatabaseStats,
  Depth,
  Inspection,
  OnProgress,
  Prunable,
  Pruned,
  PruneOptions,
  RestoreOptions,
  RestoreReport,
  Selection,
  StoreAdmin,
} from '../admin.ts';
import type {
  ArchivedDelivery,
  ArchivedEvent,
  ArchivedMessage,
  BulkImport,
  DeliveryFilter,
  ExportFilter,
} from '../archive.ts';
import type { MigrationSource, MigrationTarget } from '../migration.ts';

// Each operation is loaded when it is called: a command loads one of them.

export class SqliteAdmin implements StoreAdmin {
  readonly location: string;

  /** `path` is absolute. There need be no file. */
  constructor(path: string) {
    this.location = path;
  }

  async check(
    depth: Depth,
    signal: AbortSignal,
    onProgress: OnProgress<CheckName>,
  ): Promise<Inspection> {
    const { checkInWorker } = await import('./maintenance/check-worker.ts');
    return checkInWorker(this.location, depth, onProgress, signal);
  }

  async repair(onProgress: OnProgress<'lists' | 'search'>): Promise<void> {
    const { repair } = await import('./maintenance/repair.ts');
    repair(this.location, onProgress);
  }

  async backup(
    options: BackupOptions,
    onProgress: OnProgress<'copying' | 'checking'>,
  ): Promise<BackupReport> {
    const { backUp } = await import('./maintenance/backup.ts');
    return backUp({ source: this.location, ...options }, onProgress);
  }

  async restore(
    options: RestoreOptions,
    onProgress: OnProgress<'copying' | 'checking'>,
  ): Promise<RestoreReport> {
    const { restore } = await import('./maintenance/restore.ts');
    return restore({ target: this.location, ...options }, onProgress);
  }

  async lastSeq(): Promise<number> {
    const { lastSeq } = await import('./maintenance/archive.ts');
    return lastSeq(this.location);
  }

  async *exportMessages(filter: ExportFilter): AsyncGenerator<readonly ArchivedMessage[]> {
    const { exportMessages } = await import('./maintenance/export.ts');
    yield* exportMessages(this.location, filter);
  }

  async *exportEvents(filter: ExportFilter): AsyncGenerator<readonly ArchivedEvent[]> {
    const { exportEvents } = await import('./maintenance/export-events.ts');
    yield* exportEvents(this.location, filter);
  }

  async *exportDeliveries(filter: DeliveryFilter): AsyncGenerator<readonly ArchivedDelivery[]> {
    const { exportDeliveries } = await import('./maintenance/export-events.ts');
    yield* exportDeliveries(this.location, filter);
  }

  async openImport(): Promise<BulkImport> {
    const { FileImport } = await import('./maintenance/import.ts');
    return new FileImport(this.location);
  }

  async countPrunable(selection: Selection): Promise<Prunable> {
    const { countPrunable } = await import('./maintenance/selection.ts');
    return countPrunable(this.location, selection);
  }

  async prune(
    selection: Selection,
    { vacuum, signal }: PruneOptions,
    onProgress: OnProgress<'removing' | 'index' | 'shrinking'>,
  ): Promise<Pruned> {
    const { Pruner } = await import('./maintenance/prune.ts');
    const pruner = new Pruner(this.location, (stage, done) => {
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
    return fileStats(this.location);
  }

  async openSource(): Promise<MigrationSource> {
    const { FileSource } = await import('./maintenance/migration-source.ts');
    return new FileSource(this.location);
  }

  async openTarget(): Promise<MigrationTarget> {
    const { FileTarget } = await import('./maintenance/migration-target.ts');
    return new FileTarget(this.location);
  }
}
