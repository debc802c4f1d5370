/** Of the tables. A file of another version is not converted: it can be made anew. */
export const SCHEMA_VERSION = 1

/**
 * Threads are the directory's entries; runs come from the facts, whose topic is another. Which of a thread's
 * runs are of the thread that the directory has, and not of one of the same id that was deleted, is told by
 * `since`: where, in the runs topic, the run lies that began when the entry says that the thread did.
 */
export const SCHEMA = `
CREATE TABLE identity (identity TEXT NOT NULL);
CREATE TABLE offsets (topic TEXT, partition INTEGER, next INTEGER NOT NULL, PRIMARY KEY (topic, partition)) WITHOUT ROWID;

CREATE TABLE threads (
  thread_id TEXT PRIMARY KEY, agent_id TEXT NOT NULL, run_id TEXT NOT NULL, status TEXT NOT NULL,
  runs INTEGER NOT NULL, seq INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  since INTEGER
) WITHOUT ROWID;
CREATE INDEX threads_by_update ON threads (updated_at DESC, thread_id);
CREATE INDEX threads_by_agent ON threads (agent_id, updated_at DESC, thread_id);

CREATE TABLE contents (
  thread_id TEXT PRIMARY KEY, messages TEXT NOT NULL, state TEXT, last_seq INTEGER NOT NULL, whole INTEGER NOT NULL
);

CREATE TABLE runs (
  thread_id TEXT, command_id TEXT, run_id TEXT NOT NULL, position INTEGER NOT NULL, started_at INTEGER NOT NULL,
  status TEXT NOT NULL, first_seq INTEGER, last_seq INTEGER, events TEXT,
  PRIMARY KEY (thread_id, command_id)
);
CREATE TABLE parts (
  thread_id TEXT, command_id TEXT, part INTEGER, events TEXT NOT NULL, PRIMARY KEY (thread_id, command_id, part)
);

CREATE TABLE strays (thread_id TEXT PRIMARY KEY, seen_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE erased (
  thread_id TEXT, command_id TEXT, erased_at INTEGER NOT NULL, PRIMARY KEY (thread_id, command_id)
) WITHOUT ROWID;
`
