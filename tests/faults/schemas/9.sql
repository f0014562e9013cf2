-- Step 9 of the schema, as it was released: a file of version 9 comes from steps 1 to 9.
CREATE TABLE forwards (
  forward INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  mode TEXT NOT NULL,
  started_after INTEGER NOT NULL,
  position INTEGER NOT NULL,
  finished TEXT NOT NULL,
  delivered INTEGER NOT NULL,
  retrying INTEGER NOT NULL,
  waiting INTEGER NOT NULL,
  dead INTEGER NOT NULL,
  used_ms INTEGER NOT NULL,
  report TEXT
);
CREATE TABLE forward_items (
  forward INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  state TEXT NOT NULL,
  conversation TEXT,
  attempts INTEGER NOT NULL,
  first_ms INTEGER,
  last_ms INTEGER,
  due_ms INTEGER,
  error TEXT,
  PRIMARY KEY (forward, seq)
) WITHOUT ROWID;
CREATE INDEX forward_items_by_state ON forward_items (forward, state, seq);
CREATE INDEX forward_items_by_due ON forward_items (forward, due_ms, seq) WHERE state = 'retry';
CREATE INDEX forward_items_by_conversation ON forward_items (forward, conversation, state, seq)
  WHERE conversation IS NOT NULL AND state <> 'dead';
PRAGMA user_version = 9;
PRAGMA application_id = 0x4f4e4342;
