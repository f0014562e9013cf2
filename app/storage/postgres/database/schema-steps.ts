// The steps of the schema, and the tables that they end with.

/** Step N brings a database of version N - 1 to version N. A step that has been released is never edited. */
export const MIGRATIONS: readonly string[] = [
  // 1: `messages` and what numbers them are the truth; all else is derived behind the commit.
  //
  // Ids and texts are the bytes of their UTF-8: PostgreSQL's text has no U+0000, and bytes sort as messages do. A message's number is
  // `first_seq` of its batch and its place in it: `batches` gets a row for each commit, under the lock of `commit_order`, so that
  // numbers become visible in their order, and no row is updated for it. `width` numbers are used; `created` of them at first, and
  // `total` by all batches so far.
  `CREATE TABLE messages (
     message_id bytea PRIMARY KEY,
     from_msisdn text COLLATE "C" NOT NULL,
     to_msisdn text COLLATE "C" NOT NULL,
     ts text COLLATE "C" NOT NULL,
     text bytea,
     created_at text COLLATE "C" NOT NULL,
     ts_seconds bigint NOT NULL,
     ts_nanos integer NOT NULL,
     batch bigint NOT NULL,
     ord integer NOT NULL
   );
   CREATE UNIQUE INDEX messages_by_batch ON messages (batch, ord);
   CREATE INDEX messages_by_time ON messages (ts_seconds, ts_nanos, message_id);
   CREATE INDEX messages_by_sender ON messages (from_msisdn, ts_seconds, ts_nanos, message_id);
   CREATE SEQUENCE batch_ids;
   CREATE TABLE batches (
     first_seq bigint PRIMARY KEY,
     width integer NOT NULL,
     created integer NOT NULL,
     total bigint NOT NULL,
     batch bigint NOT NULL UNIQUE
   );
   CREATE TABLE commit_order (one boolean PRIMARY KEY CHECK (one));
   INSERT INTO commit_order VALUES (true);
   CREATE TABLE tombstones (id_hash bytea PRIMARY KEY);

   -- Who does the work behind the commit, until when.
   CREATE TABLE leases (name text COLLATE "C" PRIMARY KEY, holder uuid, until timestamptz NOT NULL);
   INSERT INTO leases VALUES ('background', NULL, '-infinity');

   -- Lists and counts hold all messages up to the number \`listed_seq\`. A segment counts the key range of a list from its key to the
   -- next one's: list 0 is that of all messages, and a sender of many has one. A period counts a minute, an hour or a day.
   CREATE TABLE list_state (
     one boolean PRIMARY KEY CHECK (one),
     listed_seq bigint NOT NULL,
     listed_total bigint NOT NULL,
     removed bigint NOT NULL,
     senders bigint NOT NULL
   );
   INSERT INTO list_state VALUES (true, 0, 0, 0, 0);
   CREATE TABLE senders (
     sender bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
     from_msisdn text COLLATE "C" NOT NULL UNIQUE,
     messages bigint NOT NULL,
     segmented boolean NOT NULL DEFAULT false
   );
   CREATE INDEX senders_by_messages ON senders (messages DESC, from_msisdn);
   CREATE TABLE segments (
     segment bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
     list bigint NOT NULL,
     ts_seconds bigint NOT NULL,
     ts_nanos integer NOT NULL,
     message_id bytea NOT NULL,
     messages bigint NOT NULL,
     UNIQUE (list, ts_seconds, ts_nanos, message_id)
   );
   INSERT INTO segments (list, ts_seconds, ts_nanos, message_id, messages) VALUES (0, -99999999999, 0, '', 0);
   CREATE TABLE periods (
     unit integer NOT NULL,
     start bigint NOT NULL,
     messages bigint NOT NULL,
     PRIMARY KEY (unit, start)
   );

   -- Search holds the texts up to the number \`searched_seq\`, folded, in blocks of consecutive numbers with their trigrams.
   CREATE TABLE search_state (one boolean PRIMARY KEY CHECK (one), searched_seq bigint NOT NULL);
   INSERT INTO search_state VALUES (true, 0);
   CREATE TABLE search_texts (
     block bigint NOT NULL,
     place smallint NOT NULL,
     ts_seconds bigint NOT NULL,
     ts_nanos integer NOT NULL,
     message_id bytea NOT NULL,
     from_msisdn text COLLATE "C" NOT NULL,
     folded bytea NOT NULL,
     PRIMARY KEY (block, place)
   );
   CREATE TABLE search_blocks (block bigint PRIMARY KEY, trigrams integer[] NOT NULL);
   CREATE INDEX search_blocks_by_trigram ON search_blocks USING gin (trigrams);`,

  // 2: items of named sources (decision 024). No table of version 1 changes: what only a message of a named source has is a row of
  // `origins`, so that the default source pays nothing, and a database of any size has this step in a moment. Events are numbered as
  // messages are, by their batch. `source_batches` has the batches with rows in `origins` or `events`, and with how many they began.
  //
  // A delivery is numbered by batch and place likewise: those of the first item that was stored of it. Its key is made when it is inserted,
  // before its number is known. Texts that a provider makes up may be longer than an index can hold: then only a part of them is in it.
  `CREATE TABLE origins (
     message_id bytea PRIMARY KEY,
     source text COLLATE "C" NOT NULL,
     kind text COLLATE "C",
     payload bytea,
     content text COLLATE "C" NOT NULL,
     delivery bigint,
     ts_seconds bigint NOT NULL,
     ts_nanos integer NOT NULL,
     batch bigint NOT NULL
   );
   CREATE INDEX origins_by_source ON origins (source, ts_seconds, ts_nanos, message_id);
   CREATE INDEX origins_by_delivery ON origins (delivery) WHERE delivery IS NOT NULL;
   CREATE TABLE events (
     event_id bytea PRIMARY KEY,
     source text COLLATE "C" NOT NULL,
     type text COLLATE "C" NOT NULL,
     subject bytea,
     ts text COLLATE "C" NOT NULL,
     payload bytea,
     content text COLLATE "C" NOT NULL,
     delivery bigint,
     created_at text COLLATE "C" NOT NULL,
     ts_seconds bigint NOT NULL,
     ts_nanos integer NOT NULL,
     batch bigint NOT NULL,
     ord integer NOT NULL
   );
   CREATE UNIQUE INDEX events_by_batch ON events (batch, ord);
   CREATE INDEX events_by_time ON events (ts_seconds, ts_nanos, event_id);
   CREATE INDEX events_by_source ON events (source, ts_seconds, ts_nanos, event_id);
   CREATE INDEX events_by_type ON events (left(type, 64), ts_seconds, ts_nanos, event_id);
   CREATE INDEX events_by_subject ON events (sha256(subject), ts_seconds, ts_nanos, event_id) WHERE subject IS NOT NULL;
   CREATE INDEX events_by_delivery ON events (delivery) WHERE delivery IS NOT NULL;
   CREATE TABLE deliveries (
     delivery bigint PRIMARY KEY,
     source text COLLATE "C" NOT NULL,
     received_at text COLLATE "C" NOT NULL,
     headers text COLLATE "C" NOT NULL,
     body bytea NOT NULL,
     batch bigint NOT NULL,
     ord integer NOT NULL
   );
   CREATE UNIQUE INDEX deliveries_by_batch ON deliveries (batch, ord);
   CREATE TABLE source_batches (
     first_seq bigint PRIMARY KEY,
     batch bigint NOT NULL UNIQUE,
     items integer NOT NULL
   );

   -- What is stored of each source, up to the number \`counted_seq\`; messages of the default source are the rest of all. A source of many
   -- messages has a list with segments, as a sender of many has; its number is below 0.
   CREATE TABLE source_state (one boolean PRIMARY KEY CHECK (one), counted_seq bigint NOT NULL);
   INSERT INTO source_state SELECT true, coalesce((SELECT first_seq + width - 1 FROM batches ORDER BY first_seq DESC LIMIT 1), 0);
   CREATE TABLE sources (
     source text COLLATE "C" PRIMARY KEY,
     list bigint NOT NULL UNIQUE GENERATED ALWAYS AS IDENTITY (START WITH -1 INCREMENT BY -1),
     messages bigint NOT NULL,
     events bigint NOT NULL,
     deliveries bigint NOT NULL,
     segmented boolean NOT NULL DEFAULT false,
     last_received_at text COLLATE "C"
   );
   INSERT INTO sources (source, messages, events, deliveries, last_received_at)
   SELECT 'default', 0, 0, 0, (SELECT m.created_at FROM batches b JOIN messages m USING (batch) ORDER BY b.first_seq DESC, m.ord DESC LIMIT 1);

   -- Programs that know version 1 alone look for a lease of another name: their work behind the commit ends with this step, as it would remove
   -- messages without their origins. They go on to store and to read until they are stopped.
   UPDATE leases SET name = 'background-2', holder = NULL, until = '-infinity' WHERE name = 'background';`,

  // 3: how far each destination is, and what it has not finished. \`retrying\`, \`waiting\` and \`dead\` count its rows. A conversation may be
  // longer than an index can hold: then only its hash is in it. Words are bytes: PostgreSQL's text has no U+0000.
  `CREATE TABLE forwards (
     name text COLLATE "C" PRIMARY KEY,
     mode text COLLATE "C" NOT NULL,
     started_after bigint NOT NULL,
     position bigint NOT NULL,
     finished bigint[] NOT NULL,
     delivered bigint NOT NULL DEFAULT 0,
     retrying bigint NOT NULL DEFAULT 0,
     waiting bigint NOT NULL DEFAULT 0,
     dead bigint NOT NULL DEFAULT 0,
     report text,
     used_at timestamptz NOT NULL
   ) WITH (fillfactor = 10);
   CREATE TABLE forward_items (
     forward text COLLATE "C" NOT NULL,
     seq bigint NOT NULL,
     state text COLLATE "C" NOT NULL,
     conversation bytea,
     attempts integer NOT NULL,
     first_ms bigint,
     last_ms bigint,
     due_ms bigint,
     error bytea,
     PRIMARY KEY (forward, seq)
   );
   CREATE INDEX forward_items_by_due ON forward_items (forward, due_ms, seq) WHERE state = 'retry';
   CREATE INDEX forward_items_by_state ON forward_items (forward, state, seq);
   CREATE INDEX forward_items_by_conversation ON forward_items (forward, sha256(conversation), state, seq) WHERE state <> 'dead';

   -- As in step 2: programs that know version 2 alone would remove what a destination has not finished.
   UPDATE leases SET name = 'background-3', holder = NULL, until = '-infinity' WHERE name = 'background-2';`,
];

/** The row of the lease of the work behind the commit: steps 2 and 3 gave it another name. */
export const LEASE = 'background-3';

/** The tables that must exist for the schema to count as applied. */
export const TABLES = [
  'batches',
  'commit_order',
  'deliveries',
  'events',
  'forward_items',
  'forwards',
  'leases',
  'list_state',
  'messages',
  'oncebox_schema',
  'origins',
  'periods',
  'search_blocks',
  'search_state',
  'search_texts',
  'segments',
  'senders',
  'source_batches',
  'source_state',
  'sources',
  'tombstones',
] as const;
