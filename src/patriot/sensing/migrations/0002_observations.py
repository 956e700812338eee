"""Observations, partitioned by the day (UTC) of their phenomenon time, and the newest of each datastream.

What names a day long past or far ahead goes to the default partition: a broken clock cannot make tables.
"""

from django.db import migrations

FORWARD = """
CREATE SEQUENCE sensing_observation_id AS bigint;

CREATE TABLE sensing_observation (
    id bigint NOT NULL DEFAULT nextval('sensing_observation_id'),
    datastream_id bigint NOT NULL,
    at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    value double precision,
    flags integer NOT NULL DEFAULT 0,
    feature_id bigint,
    until timestamptz,
    result_time timestamptz,
    valid_from timestamptz,
    valid_to timestamptz,
    result jsonb,
    quality jsonb,
    parameters jsonb
) PARTITION BY RANGE (at);
COMMENT ON COLUMN sensing_observation.at IS 'phenomenonTime, or its beginning';
COMMENT ON COLUMN sensing_observation.until IS 'end of phenomenonTime when it is an interval';
COMMENT ON COLUMN sensing_observation.value IS 'the result when it is a number';
COMMENT ON COLUMN sensing_observation.result IS 'the result when it is no number';
COMMENT ON COLUMN sensing_observation.flags IS 'patriot.sensing.rules.Flag';
CREATE INDEX sensing_observation_stream ON sensing_observation (datastream_id, at);
CREATE INDEX sensing_observation_number ON sensing_observation USING brin (id) WITH (autosummarize = on);
CREATE TABLE sensing_observation_rest PARTITION OF sensing_observation DEFAULT;

CREATE TABLE sensing_latest (
    datastream_id bigint PRIMARY KEY,
    observation_id bigint NOT NULL,
    at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    value double precision,
    flags integer NOT NULL,
    result jsonb
) WITH (fillfactor = 50);

CREATE FUNCTION sensing_ensure_day(wanted date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    partition text := 'sensing_observation_' || to_char(wanted, 'YYYYMMDD');
    first timestamptz := wanted::timestamp AT TIME ZONE 'UTC';
    next timestamptz := (wanted + 1)::timestamp AT TIME ZONE 'UTC';
BEGIN
    IF to_regclass(partition) IS NOT NULL THEN
        RETURN true;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('sensing_ensure_day'));
    IF to_regclass(partition) IS NOT NULL THEN
        RETURN true;
    END IF;
    IF EXISTS (SELECT FROM sensing_observation_rest WHERE at >= first AND at < next) THEN
        RETURN false; -- this day lives in the default partition
    END IF;
    EXECUTE format('CREATE TABLE %I PARTITION OF sensing_observation FOR VALUES FROM (%L) TO (%L)',
                   partition, first, next);
    RETURN true;
END $$;
COMMENT ON FUNCTION sensing_ensure_day IS 'A partition for that day (UTC); false when the default one holds it';

SELECT sensing_ensure_day((now() AT TIME ZONE 'UTC')::date + n) FROM generate_series(-1, 3) AS n;
"""
BACKWARD = """
DROP FUNCTION sensing_ensure_day(date);
DROP TABLE sensing_latest;
DROP TABLE sensing_observation;
DROP SEQUENCE sensing_observation_id;
"""


class Migration(migrations.Migration):
    dependencies = [("sensing", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
