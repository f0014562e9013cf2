// Why a request cannot be served now (503): the closed list that the log and the metrics use.

/**
 * `timeout`: no result within the time limit. `queue_full`: too many wait already, or for too long. `index_behind`: a list
 * index lacks too many messages. `locked`: another process holds a lock. `disk`: no space, or the disk or the file failed.
 * `schema`: a table or column is missing. `corrupt`: the file is damaged. `database`: the server of the database cannot be
 * reached, or takes no work: it starts, fails over, is read-only, has no connection left. `shutting_down`: the service is stopping.
 * `too_many_streams`, `too_many_bodies`: the most are open, or in flight in either direction. `other`: the log has the error.
 */
export const UNAVAILABLE_REASONS = [
  'timeout',
  'queue_full',
  'index_behind',
  'locked',
  'disk',
  'schema',
  'corrupt',
  'database',
  'shutting_down',
  'too_many_streams',
  'too_many_bodies',
  'other',
] as const;

export type UnavailableReason = (typeof UNAVAILABLE_REASONS)[number];
