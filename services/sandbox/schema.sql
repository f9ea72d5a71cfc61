-- Everything the sandbox knows. Times are microseconds since 1970, UTC.
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS integrations (
  uuid TEXT PRIMARY KEY, title TEXT NOT NULL, bucket TEXT NOT NULL, strict INTEGER NOT NULL
) WITHOUT ROWID;

-- Prefixes Encord's integrations may not read; the bucket's own API is not affected.
CREATE TABLE IF NOT EXISTS forbidden (
  bucket TEXT NOT NULL, prefix TEXT NOT NULL, PRIMARY KEY (bucket, prefix)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS buckets (
  name TEXT PRIMARY KEY, cors TEXT NOT NULL, open INTEGER NOT NULL,
  metageneration INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL
) WITHOUT ROWID;

-- `gone` hides a virtual object that was deleted; `facts` is what probing the bytes found.
CREATE TABLE IF NOT EXISTS objects (
  bucket TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, content_type TEXT NOT NULL,
  md5 TEXT NOT NULL, crc32c TEXT NOT NULL, facts TEXT NOT NULL, created INTEGER NOT NULL,
  gone INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (bucket, name)
) WITHOUT ROWID;
-- The objects of the fresh demo, so that going back to them is a copy.
CREATE TABLE IF NOT EXISTS fresh_objects AS SELECT * FROM objects WHERE false;
CREATE TABLE IF NOT EXISTS blobs (md5 TEXT PRIMARY KEY, data BLOB NOT NULL);

CREATE TABLE IF NOT EXISTS uploads (
  id TEXT PRIMARY KEY, bucket TEXT NOT NULL, name TEXT NOT NULL, content_type TEXT NOT NULL,
  data BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS folders (
  id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, parent INTEGER REFERENCES folders (id),
  name TEXT NOT NULL, description TEXT NOT NULL, client_metadata TEXT, dataset TEXT,
  created INTEGER NOT NULL, edited INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS folders_by_name ON folders (parent, name, id);

-- A frame of a group is an item with a container; folder listings leave frames out.
CREATE TABLE IF NOT EXISTS items (
  id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, folder INTEGER NOT NULL,
  container INTEGER, position INTEGER, type TEXT NOT NULL, name TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '', url TEXT, identity TEXT, client_metadata TEXT NOT NULL,
  integration TEXT, job INTEGER, file_size INTEGER, facts TEXT NOT NULL,
  created INTEGER NOT NULL, edited INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS items_by_name ON items (folder, name, id) WHERE container IS NULL;
CREATE INDEX IF NOT EXISTS items_by_time ON items (folder, created, id) WHERE container IS NULL;
CREATE INDEX IF NOT EXISTS items_by_identity ON items (folder, identity) WHERE container IS NULL;
CREATE INDEX IF NOT EXISTS items_by_type ON items (folder, type, file_size) WHERE container IS NULL;
CREATE INDEX IF NOT EXISTS items_by_container ON items (container, position)
  WHERE container IS NOT NULL;
CREATE INDEX IF NOT EXISTS items_by_job ON items (job, id) WHERE job IS NOT NULL;

-- Units due = due_base + rate * (now - due_since); units up to `settled` have been decided.
CREATE TABLE IF NOT EXISTS jobs (
  id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, folder INTEGER NOT NULL, integration TEXT,
  ignore_errors INTEGER NOT NULL, skip_duplicates INTEGER NOT NULL, upsert INTEGER NOT NULL,
  file_name TEXT, status TEXT NOT NULL, total INTEGER NOT NULL, settled INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0, cancelled INTEGER NOT NULL DEFAULT 0,
  due_base INTEGER NOT NULL DEFAULT 0, due_since INTEGER NOT NULL, created INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS jobs_pending ON jobs (folder) WHERE status = 'PENDING';
CREATE INDEX IF NOT EXISTS jobs_by_folder ON jobs (folder);

-- The document's entries in order, some hundred to a row, each row a JSON array.
CREATE TABLE IF NOT EXISTS job_slices (
  job INTEGER NOT NULL, first INTEGER NOT NULL, past INTEGER NOT NULL, section TEXT NOT NULL,
  entries BLOB NOT NULL, PRIMARY KEY (job, first)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS unit_errors (
  job INTEGER NOT NULL, seq INTEGER NOT NULL, urls TEXT NOT NULL, error TEXT NOT NULL,
  action TEXT NOT NULL, subtask TEXT NOT NULL, PRIMARY KEY (job, seq)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS datasets (
  id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, title TEXT NOT NULL,
  description TEXT NOT NULL, folder TEXT, created INTEGER NOT NULL, edited INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS data_rows (
  id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, dataset INTEGER NOT NULL,
  item INTEGER NOT NULL, created INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS rows_by_dataset ON data_rows (dataset, item);
CREATE INDEX IF NOT EXISTS rows_by_item ON data_rows (item, dataset);
