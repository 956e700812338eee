"""Where a datastream observed: the hull of all features its observations are about, kept as they are made.

And moving without touching readings: that a thing was elsewhere until a moment is one row for each datastream,
however many were read there.
"""

from django.db import migrations, models

FORWARD = """
-- By the database: a thing that is deleted leaves its places, and its datastreams their features, on the way.
ALTER TABLE sensing_pastfeature
    ADD FOREIGN KEY (datastream_id) REFERENCES sensing_datastream ON DELETE CASCADE,
    ADD FOREIGN KEY (feature_id) REFERENCES sensing_featureofinterest ON DELETE CASCADE;
CREATE INDEX sensing_observation_about ON sensing_observation (datastream_id, feature_id)
    WHERE feature_id IS NOT NULL;
CREATE INDEX sensing_datastream_waiting ON sensing_datastream (id) WHERE NOT begun AND feature_id IS NOT NULL;

CREATE FUNCTION sensing_hull(shapes jsonb[]) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    xs numeric[];
    ys numeric[];
    hull int[] := '{}';
    total int;
    k int := 0;
    bound int := 2;
    i int;
    ring jsonb;
BEGIN
    SELECT array_agg(x ORDER BY x, y), array_agg(y ORDER BY x, y) INTO xs, ys FROM (
        SELECT DISTINCT (p ->> 0)::numeric AS x, (p ->> 1)::numeric AS y FROM unnest(shapes) AS s (shape),
            jsonb_path_query(CASE WHEN shape ->> 'type' = 'Feature' THEN shape -> 'geometry' ELSE shape END,
                             '$.**.coordinates.**') AS p
        WHERE jsonb_typeof(p) = 'array' AND jsonb_typeof(p -> 0) = 'number'
          AND jsonb_typeof(p -> 1) = 'number'
    ) AS points;
    total := coalesce(cardinality(xs), 0);
    IF total < 2 THEN
        RETURN CASE total WHEN 1 THEN
            jsonb_build_object('type', 'Point', 'coordinates', jsonb_build_array(xs[1], ys[1])) END;
    END IF;
    -- Along the lower edge and back along the upper one; numeric: no rounding decides what is a corner.
    FOREACH i IN ARRAY ARRAY(SELECT generate_series(1, total)) || ARRAY(SELECT generate_series(total - 1, 1, -1))
    LOOP
        WHILE k >= bound AND (xs[hull[k]] - xs[hull[k - 1]]) * (ys[i] - ys[hull[k - 1]])
                           <= (ys[hull[k]] - ys[hull[k - 1]]) * (xs[i] - xs[hull[k - 1]]) LOOP
            k := k - 1;
        END LOOP;
        k := k + 1;
        hull[k] := i;
        IF i = total THEN
            bound := k + 1;
        END IF;
    END LOOP;
    IF k = 3 THEN
        RETURN jsonb_build_object('type', 'LineString', 'coordinates', jsonb_build_array(
            jsonb_build_array(xs[1], ys[1]), jsonb_build_array(xs[total], ys[total])));
    END IF;
    SELECT jsonb_agg(jsonb_build_array(xs[hull[n]], ys[hull[n]]) ORDER BY n) INTO ring
    FROM generate_series(1, k) AS n;
    RETURN jsonb_build_object('type', 'Polygon', 'coordinates', jsonb_build_array(ring));
END $$;
COMMENT ON FUNCTION sensing_hull IS 'The convex hull of GeoJSON geometries and features; NULL without any point';

CREATE FUNCTION sensing_read_plainly(stream bigint, since timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM sensing_latest l WHERE l.datastream_id = stream) AND EXISTS (
        SELECT FROM (
            SELECT o.feature_id, o.received_at FROM sensing_observation o
            WHERE o.datastream_id = stream ORDER BY o.at DESC LIMIT 50
        ) AS newest
        WHERE newest.feature_id IS NULL AND (since IS NULL OR newest.received_at >= since))
$$;
COMMENT ON FUNCTION sensing_read_plainly IS
    'Whether the newest readings of a datastream are about its own feature: those received since then';

CREATE FUNCTION sensing_widen_areas(streams bigint[], features bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wider record;
BEGIN
    FOR wider IN
        SELECT d.id, array_agg(f.feature) AS shapes FROM (
            SELECT DISTINCT stream, about FROM unnest(streams, features) AS u (stream, about)
        ) AS pairs JOIN sensing_datastream d ON d.id = stream JOIN sensing_featureofinterest f ON f.id = about
        GROUP BY d.id ORDER BY d.id
    LOOP
        UPDATE sensing_datastream SET extent = sensing_hull(extent || wider.shapes)
        WHERE id = wider.id AND extent IS DISTINCT FROM sensing_hull(extent || wider.shapes);
    END LOOP;
END $$;
COMMENT ON FUNCTION sensing_widen_areas IS 'Observations of these datastreams are about these features, one each';

CREATE FUNCTION sensing_begin(streams bigint[]) RETURNS SETOF bigint LANGUAGE plpgsql AS $$
DECLARE
    waiting record;
    features bigint[] := '{}';
BEGIN
    FOR waiting IN
        SELECT d.id, d.feature_id, f.feature FROM sensing_datastream d
        JOIN sensing_featureofinterest f ON f.id = d.feature_id
        WHERE d.id = ANY (streams) AND NOT d.begun ORDER BY d.id FOR NO KEY UPDATE OF d
    LOOP
        UPDATE sensing_datastream SET begun = true, extent = sensing_hull(ARRAY[extent, waiting.feature])
        WHERE id = waiting.id;
        features := features || waiting.feature_id;
    END LOOP;
    RETURN QUERY UPDATE sensing_featureofinterest f SET begun = true FROM (
        SELECT n.id FROM sensing_featureofinterest n WHERE n.id = ANY (features) AND NOT n.begun
        ORDER BY n.id FOR NO KEY UPDATE
    ) AS n WHERE f.id = n.id RETURNING f.id;
END $$;
COMMENT ON FUNCTION sensing_begin IS
    'Something was observed about these datastreams'' own features; those that had not begun before';

CREATE FUNCTION sensing_measure_areas(streams bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE sensing_datastream d SET begun = false WHERE d.id = ANY (streams)
        AND NOT EXISTS (SELECT FROM sensing_observation o WHERE o.datastream_id = d.id);
    DELETE FROM sensing_pastfeature p WHERE p.datastream_id = ANY (streams)
        AND NOT EXISTS (SELECT FROM sensing_observation o WHERE o.datastream_id = p.datastream_id);
    UPDATE sensing_datastream d SET extent = sensing_hull(ARRAY(
        SELECT f.feature FROM sensing_featureofinterest f WHERE f.id IN (
            SELECT o.feature_id FROM sensing_observation o
            WHERE o.datastream_id = d.id AND o.feature_id IS NOT NULL
            UNION SELECT p.feature_id FROM sensing_pastfeature p WHERE p.datastream_id = d.id
            UNION SELECT d.feature_id WHERE d.begun)))
    WHERE d.id = ANY (streams);
END $$;
COMMENT ON FUNCTION sensing_measure_areas IS 'Work out anew where these datastreams observed';

CREATE OR REPLACE FUNCTION sensing_settle_features(things bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    moved record;
    moment timestamptz := clock_timestamp();
BEGIN
    FOR moved IN
        SELECT d.id, d.begun, d.feature_since, d.feature_id AS was, p.feature_id AS becomes
        FROM sensing_datastream d JOIN (
            SELECT thing, sensing_feature_of(sensing_place_of(thing)) AS feature_id
            FROM unnest(things) AS t (thing)
        ) AS p ON p.thing = d.thing_id
        WHERE d.feature_id IS DISTINCT FROM p.feature_id ORDER BY d.id
    LOOP
        IF moved.was IS NOT NULL AND (moved.begun OR sensing_read_plainly(moved.id, moved.feature_since)) THEN
            PERFORM sensing_begin(ARRAY[moved.id]);
            INSERT INTO sensing_pastfeature (datastream_id, feature_id, until)
            VALUES (moved.id, moved.was, moment);
            UPDATE sensing_datastream SET feature_since = moment WHERE id = moved.id;
        END IF;
        UPDATE sensing_datastream SET feature_id = moved.becomes, begun = false WHERE id = moved.id;
    END LOOP;
END $$;

UPDATE sensing_datastream d SET begun = true
WHERE d.feature_id IS NOT NULL AND sensing_read_plainly(d.id, NULL);
SELECT sensing_measure_areas(ARRAY(SELECT datastream_id FROM sensing_latest ORDER BY datastream_id));
"""
BACKWARD = """
UPDATE sensing_observation o SET feature_id = coalesce((
    SELECT p.feature_id FROM sensing_pastfeature p
    WHERE p.datastream_id = o.datastream_id AND p.until > o.received_at ORDER BY p.until LIMIT 1), o.feature_id)
WHERE o.feature_id IS NULL AND o.datastream_id IN (SELECT datastream_id FROM sensing_pastfeature);

CREATE OR REPLACE FUNCTION sensing_settle_features(things bigint[]) RETURNS void LANGUAGE plpgsql AS $$
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
DROP FUNCTION sensing_measure_areas(bigint[]);
DROP FUNCTION sensing_begin(bigint[]);
DROP FUNCTION sensing_widen_areas(bigint[], bigint[]);
DROP FUNCTION sensing_read_plainly(bigint, timestamptz);
DROP FUNCTION sensing_hull(jsonb[]);
DROP INDEX sensing_datastream_waiting;
DROP INDEX sensing_observation_about;
"""


def _link(to: str, *, db_index: bool = True) -> models.ForeignKey:
    return models.ForeignKey(
        db_constraint=False,
        db_index=db_index,
        on_delete=models.DO_NOTHING,
        related_name="+",
        to=f"sensing.{to}",
    )


class Migration(migrations.Migration):
    dependencies = [("sensing", "0012_feature_begins")]
    operations = [
        migrations.AddField("datastream", "extent", models.JSONField(blank=True, null=True)),
        migrations.AddField("datastream", "begun", models.BooleanField(default=False, db_default=False)),
        migrations.AddField("datastream", "feature_since", models.DateTimeField(blank=True, null=True)),
        migrations.CreateModel(
            name="PastFeature",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("until", models.DateTimeField()),
                ("datastream", _link("datastream", db_index=False)),
                ("feature", _link("featureofinterest")),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [models.Index(fields=["datastream", "until"], name="sensing_past_until")],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
