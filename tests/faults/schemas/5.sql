-- Step 5 of the schema, as it was released: a file of version 5 comes from steps 1 to 5.
CREATE TABLE tombstones (id_hash BLOB PRIMARY KEY NOT NULL) WITHOUT ROWID;
INSERT INTO counters (name, value) VALUES ('tombstones', 0);
ALTER TABLE search_blocks ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE search_blocks ADD COLUMN edits INTEGER NOT NULL DEFAULT 0;
PRAGMA user_version = 5;
PRAGMA application_id = 0x4f4e4342;
