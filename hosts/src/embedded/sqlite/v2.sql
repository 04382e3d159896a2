-- Version 2: which batch of the audit record is at which place of its owner's.

-- The commits of an owner's actors have one running number, `place`; that of a batch is its first commit's. `owner` and `actor` are names as in
-- `actors`. That it is apart from the batches names a batch that was lost.
CREATE TABLE audit_places (
    owner BLOB    NOT NULL,
    place INTEGER NOT NULL,
    actor BLOB    NOT NULL,
    first INTEGER NOT NULL,
    last  INTEGER NOT NULL,
    PRIMARY KEY (owner, place)
) STRICT, WITHOUT ROWID;

-- What was copied before gets places in the order of the copying. A user owns what is theirs; the owner of a series is in every commit of it,
-- of which the last is always kept. A damaged one must not keep the server from starting: its log says what is wrong when it is read.
INSERT INTO audit_places (owner, place, actor, first, last)
WITH last_commits (actor, body) AS (
    SELECT actors.name, CAST(commits.body AS TEXT) FROM actors JOIN commits ON commits.id = actors.tail
    WHERE substr(actors.name, 1, 1) = x'01'
), owners (actor, owner) AS (
    SELECT DISTINCT actor, actor FROM audit_batches WHERE substr(actor, 1, 1) = x'00'
    UNION ALL
    SELECT actor, CASE WHEN json_valid(body) THEN unhex('00' || json_extract(body, '$.header.owner'), '-') END FROM last_commits
)
SELECT
    owners.owner,
    sum(batches.last - batches.first + 1) OVER (PARTITION BY owners.owner ORDER BY batches.id) - (batches.last - batches.first),
    batches.actor,
    batches.first,
    batches.last
FROM audit_batches AS batches JOIN owners USING (actor)
WHERE owners.owner IS NOT NULL;
