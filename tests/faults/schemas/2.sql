-- Step 2 of the schema, as it was released: a file of version 2 comes from steps 1 to 2.
DROP INDEX messages_by_time;
DROP INDEX messages_by_sender;
CREATE TABLE by_time (
  ts_seconds INTEGER NOT NULL,
  ts_nanos INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (ts_seconds, ts_nanos, message_id)
) WITHOUT ROWID;
CREATE TABLE senders (
  sender_id INTEGER PRIMARY KEY,
  from_msisdn TEXT NOT NULL UNIQUE,
  messages INTEGER NOT NULL
);
CREATE INDEX senders_by_messages ON senders (messages DESC, from_msisdn);
CREATE TABLE by_sender (
  sender_id INTEGER NOT NULL,
  ts_seconds INTEGER NOT NULL,
  ts_nanos INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (sender_id, ts_seconds, ts_nanos, message_id)
) WITHOUT ROWID;
CREATE TABLE segments (
  ts_seconds INTEGER NOT NULL,
  ts_nanos INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  messages INTEGER NOT NULL,
  PRIMARY KEY (ts_seconds, ts_nanos, message_id)
) WITHOUT ROWID;
INSERT INTO segments VALUES (-99999999999, 0, '', 0);
INSERT INTO counters (name, value) VALUES ('ordered_seq', 0), ('messages', (SELECT count(*) FROM messages));
PRAGMA user_version = 2;
PRAGMA application_id = 0x4f4e4342;
