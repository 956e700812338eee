"""An automatic feature of interest begins with the first observation about it, and stays from then on.

Of a thing's places the first that has a geometry gives the feature, else the first. A place that is changed gets a
new feature; with the last place of a thing its datastreams lose theirs. What was read before stays with the old one.
"""

from django.db import migrations, models

FORWARD = """
DROP TRIGGER sensing_thing_placed ON sensing_thing_locations;
DROP FUNCTION sensing_thing_placed();

CREATE OR REPLACE FUNCTION sensing_feature_of(wanted bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    known bigint;
BEGIN
    SELECT feature_id INTO known FROM sensing_location WHERE id = wanted FOR NO KEY UPDATE;
    IF known IS NULL THEN
        INSERT INTO sensing_featureofinterest (name, description, encoding_type, feature, lon, lat, begun)
        SELECT name, description, encoding_type, location, lon, lat, false
        FROM sensing_location WHERE id = wanted RETURNING id INTO known;
        UPDATE sensing_location SET feature_id = known WHERE id = wanted;
    END IF;
    RETURN known;
END $$;

CREATE FUNCTION sensing_place_of(wanted bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT l.id FROM sensing_thing_locations tl JOIN sensing_location l ON l.id = tl.location_id
    WHERE tl.thing_id = wanted ORDER BY l.lon IS NULL, l.id LIMIT 1
$$;
COMMENT ON FUNCTION sensing_place_of IS 'The location that a thing''s feature of interest is made of';

CREATE FUNCTION sensing_settle_features(things bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    moved record;
BEGIN
    FOR moved IN
        SELECT d.id, d.feature_id AS was, p.feature_id AS becomes FROM sensing_datastream d JOIN (
            SELECT thing, sensing_feature_of(sensing_place_of(thing)) AS feature_id
            FROM unnest(things) AS t (thing)
        ) AS p ON p.thing = d.thing_id
        WHERE d.feature_id IS DISTINCT FROM p.feature_id ORDER BY d.id
    LOOP
        IF moved.was IS NOT NULL THEN
            UPDATE sensing_observation SET feature_id = moved.was
            WHERE datastream_id = moved.id AND feature_id IS NULL;
            IF FOUND THEN
                UPDATE sensing_featureofinterest SET begun = true WHERE id = moved.was AND NOT begun;
            END IF;
        END IF;
        UPDATE sensing_datastream SET feature_id = moved.becomes WHERE id = moved.id;
    END LOOP;
END $$;
COMMENT ON FUNCTION sensing_settle_features IS
    'Point datastreams to the feature of where their things are now; old readings keep the old one';

CREATE FUNCTION sensing_thing_placed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM sensing_settle_features(ARRAY(SELECT DISTINCT thing_id FROM changed ORDER BY thing_id));
    RETURN NULL;
END $$;
CREATE TRIGGER sensing_thing_placed AFTER INSERT ON sensing_thing_locations
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION sensing_thing_placed();
CREATE TRIGGER sensing_thing_unplaced AFTER DELETE ON sensing_thing_locations
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION sensing_thing_placed();

CREATE OR REPLACE FUNCTION sensing_datastream_placed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.feature_id := coalesce(NEW.feature_id, sensing_feature_of(sensing_place_of(NEW.thing_id)));
    RETURN NEW;
END $$;

CREATE FUNCTION sensing_datastream_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM sensing_settle_features(ARRAY[NEW.thing_id]);
    RETURN NULL;
END $$;
CREATE TRIGGER sensing_datastream_moved AFTER UPDATE OF thing_id ON sensing_datastream
    FOR EACH ROW WHEN (NEW.thing_id <> OLD.thing_id) EXECUTE FUNCTION sensing_datastream_moved();

CREATE FUNCTION sensing_location_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.location = OLD.location THEN
        UPDATE sensing_featureofinterest
        SET name = NEW.name, description = NEW.description, encoding_type = NEW.encoding_type
        WHERE id = NEW.feature_id AND NOT begun;
        RETURN NULL;
    END IF;
    UPDATE sensing_location SET feature_id = NULL WHERE id = OLD.id;
    PERFORM sensing_settle_features(ARRAY(
        SELECT thing_id FROM sensing_thing_locations WHERE location_id = OLD.id ORDER BY thing_id));
    DELETE FROM sensing_featureofinterest WHERE id = OLD.feature_id AND NOT begun;
    RETURN NULL;
END $$;
CREATE TRIGGER sensing_location_changed
    AFTER DELETE OR UPDATE OF name, description, encoding_type, location ON sensing_location
    FOR EACH ROW EXECUTE FUNCTION sensing_location_changed();

UPDATE sensing_featureofinterest f SET begun = false
WHERE EXISTS (SELECT FROM sensing_location l WHERE l.feature_id = f.id)
  AND NOT EXISTS (SELECT FROM sensing_observation o WHERE o.feature_id = f.id)
  AND NOT EXISTS (SELECT FROM sensing_datastream d JOIN sensing_latest l ON l.datastream_id = d.id
                  WHERE d.feature_id = f.id);
SELECT sensing_settle_features(ARRAY(SELECT id FROM sensing_thing ORDER BY id));
"""
BACKWARD = """
DROP TRIGGER sensing_location_changed ON sensing_location;
DROP FUNCTION sensing_location_changed();
DROP TRIGGER sensing_datastream_moved ON sensing_datastream;
DROP FUNCTION sensing_datastream_moved();
DROP TRIGGER sensing_thing_unplaced ON sensing_thing_locations;
DROP TRIGGER sensing_thing_placed ON sensing_thing_locations;
DROP FUNCTION sensing_thing_placed();
DROP FUNCTION sensing_settle_features(bigint[]);

CREATE OR REPLACE FUNCTION sensing_feature_of(wanted bigint) RETURNS bigint LANGUAGE plpgsql AS $$
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

CREATE OR REPLACE FUNCTION sensing_datastream_placed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.feature_id IS NULL THEN
        SELECT sensing_feature_of(tl.location_id) INTO NEW.feature_id FROM sensing_thing_locations tl
        WHERE tl.thing_id = NEW.thing_id ORDER BY tl.location_id LIMIT 1;
    END IF;
    RETURN NEW;
END $$;
DROP FUNCTION sensing_place_of(bigint);

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
"""


class Migration(migrations.Migration):
    dependencies = [("sensing", "0011_number_index")]
    operations = [
        migrations.AddField("featureofinterest", "begun", models.BooleanField(default=True)),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
