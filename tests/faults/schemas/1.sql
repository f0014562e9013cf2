-- Step 1 of the schema, as it was released: a file of version 1 comes from steps 1 to 1.
CREATE TABLE messages (
  message_id TEXT PRIMARY KEY NOT NULL,
  from_msisdn TEXT NOT NULL,
  to_msisdn TEXT NOT NULL,
  ts TEXT NOT NULL,
  text TEXT,
  created_at TEXT NOT NULL,
  seq INTEGER NOT NULL UNIQUE,
  ts_seconds INTEGER NOT NULL,
  ts_nanos INTEGER NOT NULL
);
CREATE INDEX messages_by_time ON messages (ts_seconds, ts_nanos, message_id);
CREATE INDEX messages_by_sender ON messages (from_msisdn, ts_seconds, ts_nanos, message_id);
CREATE TABLE counters (name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counters (name, value) VALUES ('last_seq', 0);
PRAGMA user_version = 1;
PRAGMA application_id = 0x4f4e4342;
