// The maintenance of a PostgreSQL database behind its port: each method runs one operation of the room `maintenance`.
import { describeLocation, type PostgresLocation } from '../../model/database.ts';
import {
  AdminError,
  type BackupReport,
  type CheckName,
  type DatabaseStats,
  type Depth,
  type Inspection,
  type OnProgress,
  type Prunable,
  type Pruned,
  type PruneOptions,
  type RestoreReport,
  type Selection,
  type StoreAdmin,
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

const OWN_TOOLS =
  'PostgreSQL has tools of its own for backups: pg_dump and pg_restore, or pgBackRest, which also restores to a point in time';

// Each operation is loaded when it is called: a command loads one of them.

export class PostgresAdmin implements StoreAdmin {
  readonly location: string;
  readonly #location: PostgresLocation;

  /** Each call connects by itself. */
  constructor(location: PostgresLocation) {
    this.location = describeLocation(location);
    this.#location = location;
  }

  async check(
    depth: Depth,
    signal: AbortSignal,
    onProgress: OnProgress<CheckName>,
  ): Promise<Inspection> {
    const { checkDatabase } = await import('./maintenance/check.ts');
    return await checkDatabase(this.#location, depth, signal, onProgress);
  }

  async repair(onProgress: OnProgress<'lists' | 'search'>): Promise<void> {
    const { repair } = await import('./maintenance/repair.ts');
    await repair(this.#location, onProgress);
  }

  backup(): Promise<BackupReport> {
    return Promise.reject(new AdminError('unsupported', OWN_TOOLS));
  }

  restore(): Promise<RestoreReport> {
    return Promise.reject(new AdminError('unsupported', OWN_TOOLS));
  }

  async lastSeq(): Promise<number> {
    const { lastSeq } = await import('./maintenance/stats.ts');
    return await lastSeq(this.#location);
  }

  async *exportMessages(filter: ExportFilter): AsyncGenerator<readonly ArchivedMessage[]> {
    const { exportMessages } = await import('./maintenance/export.ts');
    yield* exportMessages(this.#location, filter);
  }

  async *exportEvents(filter: ExportFilter): AsyncGenerator<readonly ArchivedEvent[]> {
    const { exportEvents } = await import('./maintenance/export-events.ts');
    yield* exportEvents(this.#location, filter);
  }

  async *exportDeliveries(filter: DeliveryFilter): AsyncGenerator<readonly ArchivedDelivery[]> {
    const { exportDeliveries } = await import('./maintenance/export-events.ts');
    yield* exportDeliveries(this.#location, filter);
  }

  async openImport(): Promise<BulkImport> {
    const { DatabaseImport } = await import('./maintenance/import.ts');
    return await DatabaseImport.open(this.#location);
  }

  async countPrunable(selection: Selection): Promise<Prunable> {
    const { countPrunable } = await import('./maintenance/selection.ts');
    return await countPrunable(this.#location, selection);
  }

  async prune(
    selection: Selection,
    options: PruneOptions,
    onProgress: OnProgress<'removing' | 'index' | 'shrinking'>,
  ): Promise<Pruned> {
    const { prune } = await import('./maintenance/prune.ts');
    return await prune(this.#location, selection, options, onProgress);
  }

  async stats(): Promise<DatabaseStats> {
    const { databaseStats } = await import('./maintenance/stats.ts');
    return await databaseStats(this.#location);
  }

  async openSource(): Promise<MigrationSource> {
    const { DatabaseSource } = await import('./maintenance/migration-source.ts');
    return await DatabaseSource.open(this.#location);
  }

  async openTarget(): Promise<MigrationTarget> {
    const { DatabaseTarget } = await import('./maintenance/migration-target.ts');
    return await DatabaseTarget.open(this.#location);
  }
}
