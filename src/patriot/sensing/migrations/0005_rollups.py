"""Rollups of observations, which of them are out of date, and what was archived.

A reading on time costs nothing here: the rollup worker reads each bucket once, when it has closed. One that comes
later, is changed or goes away is marked in `sensing_dirty` by a trigger, in the writer's own transaction.
`sensing_dirty` has no key on purpose: a mark must never be taken for another that is being worked off.
"""

from django.db import migrations

FORWARD = """
CREATE INDEX sensing_observation_at ON sensing_observation USING brin (at); -- summarized by the rollup worker

CREATE TABLE sensing_rollup_5m (
    datastream_id bigint NOT NULL,
    bucket timestamptz NOT NULL,
    total double precision,
    low double precision,
    high double precision,
    last double precision,
    last_at timestamptz,
    n integer NOT NULL,
    seen integer NOT NULL,
    flags integer NOT NULL,
    flag_counts integer[],
    PRIMARY KEY (datastream_id, bucket)
) PARTITION BY RANGE (bucket);
COMMENT ON TABLE sensing_rollup_5m IS 'Five minutes of a datastream, [bucket, bucket + 5 min)';
COMMENT ON COLUMN sensing_rollup_5m.n IS 'fit readings: those of total, low, high and last (see sensing.rules.UNFIT)';
COMMENT ON COLUMN sensing_rollup_5m.seen IS 'all readings';
COMMENT ON COLUMN sensing_rollup_5m.flags IS 'every flag seen';
COMMENT ON COLUMN sensing_rollup_5m.flag_counts IS 'readings by flag, lowest bit first; NULL: none had one';
CREATE TABLE sensing_rollup_1h (LIKE sensing_rollup_5m INCLUDING COMMENTS, PRIMARY KEY (datastream_id, bucket))
    PARTITION BY RANGE (bucket);
CREATE INDEX sensing_rollup_1h_bucket ON sensing_rollup_1h USING brin (bucket)
    WITH (pages_per_range = 32);
CREATE INDEX sensing_rollup_5m_bucket ON sensing_rollup_5m USING brin (bucket)
    WITH (pages_per_range = 32);

CREATE FUNCTION sensing_ensure_rollup(width text, moment timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    unit text := CASE width WHEN '5m' THEN 'day' ELSE 'month' END;
    first timestamp := date_trunc(unit, moment AT TIME ZONE 'UTC');
    next timestamp := first + ('1 ' || unit)::interval;
    partition text := 'sensing_rollup_' || width || '_' || to_char(first, 'YYYYMMDD');
BEGIN
    IF to_regclass(partition) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', partition,
                       'sensing_rollup_' || width, first AT TIME ZONE 'UTC', next AT TIME ZONE 'UTC');
    END IF;
END $$;
COMMENT ON FUNCTION sensing_ensure_rollup IS 'A partition for that moment: 5m a day (UTC) each, 1h a month each';

CREATE TABLE sensing_rolled (width text PRIMARY KEY, through timestamptz NOT NULL);
COMMENT ON TABLE sensing_rolled IS 'Buckets that end until then are rolled up, but for those marked dirty';
INSERT INTO sensing_rolled
VALUES ('5m', date_bin('5 minutes', now(), '2000-01-01 00:00+00')), ('1h', date_trunc('hour', now()));

CREATE TABLE sensing_dirty (datastream_id bigint NOT NULL, bucket timestamptz NOT NULL);
COMMENT ON TABLE sensing_dirty IS 'Five minutes of a datastream to be rolled up again';
INSERT INTO sensing_dirty
SELECT DISTINCT datastream_id, date_bin('5 minutes', at, '2000-01-01 00:00+00') FROM sensing_observation
WHERE at < (SELECT through FROM sensing_rolled WHERE width = '5m');

CREATE TABLE sensing_touched (day date NOT NULL);
COMMENT ON TABLE sensing_touched IS 'Days that are over and changed: one that is being archived starts anew';

CREATE FUNCTION sensing_mark_dirty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('patriot.moves_readings', true) = 'on' THEN
        RETURN NULL; -- archiving: the reading is where it was, as far as anybody who asks can tell
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO sensing_dirty
        VALUES (OLD.datastream_id, date_bin('5 minutes', OLD.at, '2000-01-01 00:00+00'));
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO sensing_dirty
        VALUES (NEW.datastream_id, date_bin('5 minutes', NEW.at, '2000-01-01 00:00+00'));
    END IF;
    IF coalesce(OLD.at, NEW.at) < now() - interval '20 hours' THEN
        INSERT INTO sensing_touched SELECT DISTINCT (at AT TIME ZONE 'UTC')::date
        FROM unnest(ARRAY[OLD.at, NEW.at]) AS at WHERE isfinite(at);
    END IF;
    RETURN NULL;
END $$;
-- clock_timestamp(), not now(): a transaction that began before the bucket's end may write after it.
CREATE TRIGGER sensing_observation_came_late AFTER INSERT ON sensing_observation FOR EACH ROW
WHEN (NEW.at < date_bin('5 minutes', clock_timestamp(), '2000-01-01 00:00+00'))
EXECUTE FUNCTION sensing_mark_dirty();
CREATE TRIGGER sensing_observation_changed AFTER UPDATE OR DELETE ON sensing_observation FOR EACH ROW
EXECUTE FUNCTION sensing_mark_dirty();

CREATE TABLE sensing_archive (
    day date NOT NULL,
    part integer NOT NULL,
    file text NOT NULL,
    rows bigint NOT NULL,
    bytes bigint NOT NULL,
    first_stream bigint NOT NULL,
    last_stream bigint NOT NULL,
    fingerprint text NOT NULL,
    archived_at timestamptz NOT NULL,
    PRIMARY KEY (day, part)
);
COMMENT ON TABLE sensing_archive IS 'The Parquet files that hold readings: what stands here is no longer a table';
COMMENT ON COLUMN sensing_archive.file IS 'below <home>/archive/observations';
"""
BACKWARD = """
DROP TABLE sensing_archive;
DROP TRIGGER sensing_observation_changed ON sensing_observation;
DROP TRIGGER sensing_observation_came_late ON sensing_observation;
DROP FUNCTION sensing_mark_dirty();
DROP TABLE sensing_touched;
DROP TABLE sensing_dirty;
DROP TABLE sensing_rolled;
DROP FUNCTION sensing_ensure_rollup(text, timestamptz);
DROP TABLE sensing_rollup_1h;
DROP TABLE sensing_rollup_5m;
DROP INDEX sensing_observation_at;
"""


class Migration(migrations.Migration):
    dependencies = [("sensing", "0004_meaning")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
