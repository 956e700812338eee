"""Features of interest of observations that name none: made of the thing's place, kept by the database.

Whoever writes a datastream or moves a thing need not know. A reading without a feature of its own is about its
datastream's feature; when the thing moves, what was read before stays with the old place.
"""

import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
CREATE INDEX sensing_observation_feature ON sensing_observation (feature_id) WHERE feature_id IS NOT NULL;
CREATE INDEX sensing_observation_until ON sensing_observation (datastream_id, until) WHERE until IS NOT NULL;
CREATE INDEX sensing_observation_result_time ON sensing_observation (datastream_id, result_time)
    WHERE result_time IS NOT NULL;

CREATE FUNCTION sensing_feature_of(wanted bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    known bigint;
BEGIN
    SELECT feature_id INTO known FROM sensing_location WHERE id = wanted FOR NO KEY UPDATE;
    IF known IS NULL THEN
        INSERT INTO sensing_featureofinterest (name, description, encoding_type, feature, lon, lat)
        SELECT name, description, encoding_type, location, lon, lat FROM sensing_location WHERE id = wanted
        RETURNING id INTO known;
        UPDATE sensing_location SET feature_id = known WHERE id = wanted;
    END IF;
    RETURN known;
END $$;
COMMENT ON FUNCTION sensing_feature_of IS 'The feature of interest made of a location, made now if need be';

CREATE FUNCTION sensing_thing_placed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    placed bigint := sensing_feature_of(NEW.location_id);
    moved bigint[];
BEGIN
    SELECT array_agg(id) INTO moved FROM sensing_datastream d WHERE d.thing_id = NEW.thing_id
        AND d.feature_id IS NOT NULL AND d.feature_id <> placed AND NOT EXISTS (
            SELECT FROM sensing_thing_locations tl JOIN sensing_location l ON l.id = tl.location_id
            WHERE tl.thing_id = NEW.thing_id AND l.feature_id = d.feature_id);
    IF moved IS NOT NULL THEN
        UPDATE sensing_observation o SET feature_id = d.feature_id FROM sensing_datastream d
        WHERE d.id = o.datastream_id AND o.datastream_id = ANY (moved) AND o.feature_id IS NULL;
    END IF;
    UPDATE sensing_datastream SET feature_id = placed
    WHERE thing_id = NEW.thing_id AND (feature_id IS NULL OR id = ANY (moved));
    RETURN NULL;
END $$;
CREATE TRIGGER sensing_thing_placed AFTER INSERT ON sensing_thing_locations
    FOR EACH ROW EXECUTE FUNCTION sensing_thing_placed();

CREATE FUNCTION sensing_datastream_placed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.feature_id IS NULL THEN
        SELECT sensing_feature_of(tl.location_id) INTO NEW.feature_id FROM sensing_thing_locations tl
        WHERE tl.thing_id = NEW.thing_id ORDER BY tl.location_id LIMIT 1;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sensing_datastream_placed BEFORE INSERT ON sensing_datastream
    FOR EACH ROW EXECUTE FUNCTION sensing_datastream_placed();

UPDATE sensing_datastream d SET feature_id = sensing_feature_of(
    (SELECT min(tl.location_id) FROM sensing_thing_locations tl WHERE tl.thing_id = d.thing_id))
WHERE EXISTS (SELECT FROM sensing_thing_locations tl WHERE tl.thing_id = d.thing_id);
"""
BACKWARD = """
DROP TRIGGER sensing_datastream_placed ON sensing_datastream;
DROP FUNCTION sensing_datastream_placed();
DROP TRIGGER sensing_thing_placed ON sensing_thing_locations;
DROP FUNCTION sensing_thing_placed();
DROP FUNCTION sensing_feature_of(bigint);
DROP INDEX sensing_observation_result_time;
DROP INDEX sensing_observation_until;
DROP INDEX sensing_observation_feature;
"""


def _feature() -> models.ForeignKey:
    return models.ForeignKey(
        blank=True,
        null=True,
        on_delete=django.db.models.deletion.SET_NULL,
        related_name="+",
        to="sensing.featureofinterest",
    )


class Migration(migrations.Migration):
    atomic = True
    dependencies = [("sensing", "0007_lanes")]
    operations = [
        migrations.AddField(model_name="datastream", name="feature", field=_feature()),
        migrations.AddField(model_name="location", name="feature", field=_feature()),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
