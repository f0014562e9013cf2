-- Step 4 of the schema, as it was released: a file of version 4 comes from steps 1 to 4.
ALTER TABLE senders ADD COLUMN segmented INTEGER NOT NULL DEFAULT 0;
CREATE TABLE sender_segments (
  sender_id INTEGER NOT NULL,
  ts_seconds INTEGER NOT NULL,
  ts_nanos INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  messages INTEGER NOT NULL,
  PRIMARY KEY (sender_id, ts_seconds, ts_nanos, message_id)
) WITHOUT ROWID;
PRAGMA user_version = 4;
PRAGMA application_id = 0x4f4e4342;
