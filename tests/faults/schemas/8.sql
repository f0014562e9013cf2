-- Step 8 of the schema, as it was released: a file of version 8 comes from steps 1 to 8.
ALTER TABLE messages ADD COLUMN source TEXT;
ALTER TABLE messages ADD COLUMN kind TEXT;
ALTER TABLE messages ADD COLUMN content TEXT;
ALTER TABLE messages ADD COLUMN delivery INTEGER;
ALTER TABLE messages ADD COLUMN payload TEXT;
CREATE TABLE no_messages (delivery INTEGER);
CREATE INDEX messages_by_delivery ON no_messages (delivery) WHERE delivery IS NOT NULL;
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET tbl_name = 'messages',
  sql = 'CREATE INDEX messages_by_delivery ON messages (delivery) WHERE delivery IS NOT NULL'
  WHERE name = 'messages_by_delivery';
PRAGMA writable_schema = RESET;
DROP TABLE no_messages;
CREATE TABLE events (
  event_id TEXT PRIMARY KEY NOT NULL,
  source TEXT NOT NULL,
  type TEXT NOT NULL,
  subject TEXT,
  ts TEXT NOT NULL,
  content TEXT NOT NULL,
  delivery INTEGER,
  created_at TEXT NOT NULL,
  seq INTEGER NOT NULL UNIQUE,
  ts_seconds INTEGER NOT NULL,
  ts_nanos INTEGER NOT NULL,
  payload TEXT
);
CREATE INDEX events_by_time ON events (ts_seconds, ts_nanos, event_id);
CREATE INDEX events_by_source ON events (source, ts_seconds, ts_nanos, event_id);
CREATE INDEX events_by_type ON events (type, ts_seconds, ts_nanos, event_id);
CREATE INDEX events_by_subject ON events (subject, ts_seconds, ts_nanos, event_id) WHERE subject IS NOT NULL;
CREATE INDEX events_by_delivery ON events (delivery) WHERE delivery IS NOT NULL;
CREATE TABLE deliveries (
  number INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  received_at TEXT NOT NULL,
  headers TEXT NOT NULL,
  body BLOB NOT NULL
);
CREATE INDEX deliveries_by_source ON deliveries (source, number);
CREATE TABLE sources (
  source TEXT PRIMARY KEY NOT NULL,
  messages INTEGER NOT NULL,
  events INTEGER NOT NULL,
  deliveries INTEGER NOT NULL,
  last_received_at TEXT
) WITHOUT ROWID;
ALTER TABLE removals ADD COLUMN source TEXT;
INSERT INTO counters (name, value) VALUES ('events', 0);
PRAGMA user_version = 8;
PRAGMA application_id = 0x4f4e4342;
