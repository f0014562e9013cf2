// The schema of the database, as the numbered steps by which it came to be.

/** Step N brings a file of version N - 1 to version N. A step that has been released is never edited. */
export const SCHEMA_STEPS: readonly string[] = [
  // 1: messages, their number in the order of commit, and the two orders in which they are read.
  // `seq` is a column of its own: rowids may change under VACUUM, and the highest is used again after a delete.
  `CREATE TABLE messages (
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
   INSERT INTO counters (name, value) VALUES ('last_seq', 0);`,

  // 2: the sort indexes are no longer written by the commit. They are filled after it, in sorted batches, up to the watermark
  // `ordered_seq`; readers merge in the short tail after it. A segment counts the key range of by_time from its key to the next
  // one's, so that an offset is found without walking to it. The first segment begins before every message.
  `DROP INDEX messages_by_time;
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
   INSERT INTO counters (name, value) VALUES ('ordered_seq', 0), ('messages', (SELECT count(*) FROM messages));`,

  // 3: the search index. Blocks of consecutive messages; for each bucket of trigrams, which messages have one.
  // Filled after the commit up to the watermark `searched_seq`; a search scans the messages after it one by one.
  `CREATE TABLE search_blocks (
     block_id INTEGER PRIMARY KEY,
     level INTEGER NOT NULL,
     position INTEGER NOT NULL,
     first_seq INTEGER NOT NULL,
     state INTEGER NOT NULL
   );
   CREATE TABLE search_postings (row_id INTEGER PRIMARY KEY, postings BLOB NOT NULL);
   INSERT INTO counters (name, value) VALUES ('searched_seq', 0);`,

  // 4: segments for each sender of many messages, as `segments` has them for all. A sender whose `segmented` is 0 has none:
  // its list is one key range. Those of an older file are built incrementally, after the commits.
  `ALTER TABLE senders ADD COLUMN segmented INTEGER NOT NULL DEFAULT 0;
   CREATE TABLE sender_segments (
     sender_id INTEGER NOT NULL,
     ts_seconds INTEGER NOT NULL,
     ts_nanos INTEGER NOT NULL,
     message_id TEXT NOT NULL,
     messages INTEGER NOT NULL,
     PRIMARY KEY (sender_id, ts_seconds, ts_nanos, message_id)
   ) WITHOUT ROWID;`,

  // 5: messages may be removed. A tombstone is what is kept of one: enough to recognise its id when it is sent again.
  // Of a search block: how many of its messages were removed since its postings were last purged, and
  // how often they were rewritten, so that two processes that do so notice each other.
  `CREATE TABLE tombstones (id_hash BLOB PRIMARY KEY NOT NULL) WITHOUT ROWID;
   INSERT INTO counters (name, value) VALUES ('tombstones', 0);
   ALTER TABLE search_blocks ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE search_blocks ADD COLUMN edits INTEGER NOT NULL DEFAULT 0;`,

  // 6: the lists by sender are filled in batches of many messages, one sender after another, so that their progress is more than
  // a number. Until now they were filled together with the list by time.
  `CREATE TABLE sender_progress (
     one INTEGER PRIMARY KEY CHECK (one = 1),
     filled_seq INTEGER NOT NULL,
     round_seq INTEGER NOT NULL,
     reached_from TEXT NOT NULL,
     reached_seq INTEGER NOT NULL
   );
   INSERT INTO sender_progress SELECT 1, value, value, '', 0 FROM counters WHERE name = 'ordered_seq';`,

  // 7: everything derived moves to a file of its own (decision 021). The old tables keep their names and rows until the service has
  // emptied them step by step (retire-tables.ts). The first write of each process begins an epoch, of which the last 64 are kept: by it
  // an index recognises its database. A removal is a record for the index to follow, and is deleted when it has.
  `CREATE TABLE epochs (
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
   INSERT INTO counters (name, value) VALUES ('removals', 0), ('removals_purged', 0);`,

  // 8: items of named sources (decision 024). A message without a source is the default one's, and has none of the new columns. Events share
  // the numbers of messages; they are few beside them, so their indexes are written with them. A delivery has the number of its first
  // item, and goes with the last. A payload may be long: what is read without it comes before it. `sources` counts what is stored of each; messages of the default source are the rest of all.
  // No message has a delivery yet, so the index of those is empty: it is made of an empty table, since CREATE INDEX would read the whole file.
  `ALTER TABLE messages ADD COLUMN source TEXT;
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
   INSERT INTO counters (name, value) VALUES ('events', 0);`,

  // 9: destinations to which items are forwarded. A row of `forward_items` is an entry that was attempted and is not finished,
  // or waits behind one; `seq` is the number of an item, or where the mode is `raw` of a delivery. `retrying`, `waiting` and `dead`
  // count them. `finished`: numbers above the position that are finished too, JSON.
  `CREATE TABLE forwards (
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
     WHERE conversation IS NOT NULL AND state <> 'dead';`,
];
