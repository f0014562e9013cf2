-- Step 7 of the schema, as it was released: a file of version 7 comes from steps 1 to 7.
CREATE TABLE epochs (
  number INTEGER PRIMARY KEY,
  epoch TEXT NOT NULL UNIQUE,
  first_seq INTEGER NOT NULL,
  first_removal INTEGER NOT NULL
);
INSERT INTO epochs (epoch, first_seq, first_removal) VALUES (lower(hex(randomblob(16))), 0, 0);
CREATE TABLE removals (
  number INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  ts_seconds INTEGER NOT NULL,
  ts_nanos INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  from_msisdn TEXT NOT NULL
);
DELETE FROM counters WHERE name IN ('ordered_seq', 'searched_seq');
INSERT INTO counters (name, value) VALUES ('removals', 0), ('removals_purged', 0);
PRAGMA user_version = 7;
PRAGMA application_id = 0x4f4e4342;
