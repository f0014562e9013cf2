-- Step 6 of the schema, as it was released: a file of version 6 comes from steps 1 to 6.
CREATE TABLE sender_progress (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  filled_seq INTEGER NOT NULL,
  round_seq INTEGER NOT NULL,
  reached_from TEXT NOT NULL,
  reached_seq INTEGER NOT NULL
);
INSERT INTO sender_progress SELECT 1, value, value, '', 0 FROM counters WHERE name = 'ordered_seq';
PRAGMA user_version = 6;
PRAGMA application_id = 0x4f4e4342;
