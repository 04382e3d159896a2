-- Version 1. Never edited once released: a change of the schema is a new file and one more entry in `migrations.rs`.

-- An actor and its head. `name` is the kind (0 user, 1 series) and the sixteen bytes of the id, so that its order is that of `ActorId`.
-- `seq` is 0 while the actor is only registered. `first` is the first commit that is left, `tail` the row of the last.
CREATE TABLE actors (
    id           INTEGER PRIMARY KEY,
    name         BLOB    NOT NULL UNIQUE,
    seq          INTEGER NOT NULL DEFAULT 0,
    hash         BLOB    NOT NULL DEFAULT (zeroblob(32)),
    first        INTEGER NOT NULL DEFAULT 1,
    tail         INTEGER NOT NULL DEFAULT 0,
    snapshot     INTEGER NOT NULL DEFAULT 0,
    zone_version TEXT    NOT NULL DEFAULT '',
    wake_at      INTEGER,
    published    INTEGER NOT NULL DEFAULT 0,
    audited      INTEGER NOT NULL DEFAULT 0,
    drained      INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The logs, all in one, in the order of arrival: the commits of a transaction fill the last pages one after another. Kept by actor, each commit
-- would rewrite a page of its own, and pages written are what a commit costs. A log is read backwards, each row naming the `previous` one.
CREATE TABLE commits (
    id       INTEGER PRIMARY KEY,
    actor    INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    previous INTEGER NOT NULL,
    time     INTEGER NOT NULL,
    body     BLOB    NOT NULL
) STRICT;

-- Where every 64th commit of a log is, so that a place far back is found without walking there.
CREATE TABLE marks (
    actor INTEGER NOT NULL,
    seq   INTEGER NOT NULL,
    id    INTEGER NOT NULL,
    PRIMARY KEY (actor, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE pages (
    id    INTEGER PRIMARY KEY,
    actor INTEGER NOT NULL,
    name  TEXT    NOT NULL,
    body  BLOB    NOT NULL,
    UNIQUE (actor, name)
) STRICT;

CREATE TABLE records (
    key   TEXT    PRIMARY KEY,
    etag  INTEGER NOT NULL,
    value BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
    name    TEXT    PRIMARY KEY,
    at      INTEGER NOT NULL,
    nonce   INTEGER NOT NULL,
    payload BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

-- What audit copied, a row per batch. `actor` is the name as in `actors`: the copy stands by itself. `contents` is NULL once erased.
CREATE TABLE audit_batches (
    id       INTEGER PRIMARY KEY,
    actor    BLOB    NOT NULL,
    first    INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    head     BLOB    NOT NULL,
    entries  BLOB    NOT NULL,
    contents BLOB,
    UNIQUE (actor, first)
) STRICT;
