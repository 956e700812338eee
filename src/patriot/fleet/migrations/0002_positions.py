"""The positions: partitioned by day, found by device and time. No foreign keys: this is the hot path."""

from django.db import migrations

FORWARD = """
CREATE TABLE fleet_position (
    device_id bigint NOT NULL,
    claimed_at timestamptz NOT NULL,
    day date NOT NULL,
    fixed_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    vehicle_id bigint,
    lon double precision NOT NULL,
    lat double precision NOT NULL,
    speed_kmh real,
    heading real,
    altitude_m real,
    accuracy_m real,
    battery_pct real,
    hdop real,
    flags integer NOT NULL,
    PRIMARY KEY (device_id, claimed_at, day)
) PARTITION BY RANGE (day);

CREATE FUNCTION fleet_ensure_day(wanted date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    partition text := 'fleet_position_' || to_char(wanted, 'YYYYMMDD');
BEGIN
    IF to_regclass(partition) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('fleet_ensure_day'));
    IF to_regclass(partition) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF fleet_position FOR VALUES FROM (%L) TO (%L)',
                       partition, wanted, wanted + 1);
    END IF;
END $$;

SELECT fleet_ensure_day((now() AT TIME ZONE 'UTC')::date + n) FROM generate_series(-1, 3) AS n;
"""
BACKWARD = "DROP FUNCTION fleet_ensure_day(date); DROP TABLE fleet_position;"


class Migration(migrations.Migration):
    dependencies = [("fleet", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
