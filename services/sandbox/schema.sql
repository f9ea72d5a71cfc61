-- Everything the sandbox knows. Times are microseconds since 1970, UTC.
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- Whose key it is. Who that is in the organization, `users` says.
CREATE TABLE IF NOT EXISTS accounts (
  key TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, email TEXT NOT NULL,
  organization TEXT NOT NULL, role TEXT NOT NULL, revoked INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS integrations (
  uuid TEXT PRIMARY KEY, title TEXT NOT NULL, bucket TEXT NOT NULL, strict INTEGER NOT NULL,
  organization TEXT NOT NULL, owner TEXT NOT NULL
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

-- Local files that were given an address to be sent to.
CREATE TABLE IF NOT EXISTS placeholders (
  uuid TEXT PRIMARY KEY, organization TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS folders (
  id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, parent INTEGER REFERENCES folders (id),
  name TEXT NOT NULL, description TEXT NOT NULL, client_metadata TEXT, dataset TEXT,
  created INTEGER NOT NULL, edited INTEGER NOT NULL,
  integration TEXT, remote_url TEXT, config TEXT NOT NULL DEFAULT '{}',
  organization TEXT NOT NULL, owner TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS folders_by_name ON folders (parent, name, id);

-- One look of a cloud-synced folder at its bucket, and the upload job it led to.
CREATE TABLE IF NOT EXISTS syncs (
  uuid TEXT PRIMARY KEY, folder INTEGER NOT NULL, job INTEGER NOT NULL, pages INTEGER NOT NULL
) WITHOUT ROWID;

-- A frame of a group is an item with a container; folder listings leave frames out.
CREATE TABLE IF NOT EXISTS items (
  id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, folder INTEGER NOT NULL,
  container INTEGER, position INTEGER, type TEXT NOT NULL, name TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '', url TEXT, identity TEXT, client_metadata TEXT NOT NULL,
  integration TEXT, job INTEGER, file_size INTEGER, facts TEXT NOT NULL,
  created INTEGER NOT NULL, edited INTEGER NOT NULL, tombstone INTEGER NOT NULL DEFAULT 0
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
  due_base INTEGER NOT NULL DEFAULT 0, due_since INTEGER NOT NULL, created INTEGER NOT NULL,
  owner TEXT NOT NULL
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
  description TEXT NOT NULL, folder TEXT, created INTEGER NOT NULL, edited INTEGER NOT NULL,
  organization TEXT NOT NULL, owner TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS data_rows (
  id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, dataset INTEGER NOT NULL,
  item INTEGER NOT NULL, created INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS rows_by_dataset ON data_rows (dataset, item);
CREATE INDEX IF NOT EXISTS rows_by_item ON data_rows (item, dataset);

-- Upload jobs that were started for a dataset: what they register is linked to it.
CREATE TABLE IF NOT EXISTS dataset_jobs (
  uuid TEXT PRIMARY KEY, dataset INTEGER NOT NULL, job INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS users (
  organization TEXT NOT NULL, email TEXT NOT NULL, role TEXT NOT NULL, member_type TEXT NOT NULL,
  created INTEGER NOT NULL, PRIMARY KEY (organization, email)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS teams (
  uuid TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL, created INTEGER NOT NULL,
  organization TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS team_users (
  team TEXT NOT NULL, email TEXT NOT NULL, PRIMARY KEY (team, email)
) WITHOUT ROWID;
-- Who a folder, dataset or integration is shared with: a team's UUID, or a user's address.
CREATE TABLE IF NOT EXISTS shares (
  resource TEXT NOT NULL, member TEXT NOT NULL, role TEXT NOT NULL, PRIMARY KEY (resource, member)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tags (
  uuid TEXT PRIMARY KEY, name TEXT NOT NULL, organization TEXT NOT NULL,
  UNIQUE (organization, name)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS ontologies (
  uuid TEXT PRIMARY KEY, title TEXT NOT NULL, description TEXT NOT NULL, editor TEXT NOT NULL,
  created INTEGER NOT NULL, edited INTEGER NOT NULL,
  organization TEXT NOT NULL, owner TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS projects (
  uuid TEXT PRIMARY KEY, title TEXT NOT NULL, description TEXT NOT NULL, ontology TEXT NOT NULL,
  created INTEGER NOT NULL, edited INTEGER NOT NULL,
  organization TEXT NOT NULL, owner TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS project_datasets (
  project TEXT NOT NULL, dataset INTEGER NOT NULL, PRIMARY KEY (project, dataset)
) WITHOUT ROWID;
-- A label row exists once somebody initialised it; `labels` is the whole row as v1 sends it.
CREATE TABLE IF NOT EXISTS label_rows (
  hash TEXT PRIMARY KEY, project TEXT NOT NULL, data_row TEXT NOT NULL, labels TEXT NOT NULL,
  created INTEGER NOT NULL, edited INTEGER NOT NULL, UNIQUE (project, data_row)
) WITHOUT ROWID;
