-- Step 3 of the schema, as it was released: a file of version 3 comes from steps 1 to 3.
CREATE TABLE search_blocks (
  block_id INTEGER PRIMARY KEY,
  level INTEGER NOT NULL,
  position INTEGER NOT NULL,
  first_seq INTEGER NOT NULL,
  state INTEGER NOT NULL
);
CREATE TABLE search_postings (row_id INTEGER PRIMARY KEY, postings BLOB NOT NULL);
INSERT INTO counters (name, value) VALUES ('searched_seq', 0);
PRAGMA user_version = 3;
PRAGMA application_id = 0x4f4e4342;
