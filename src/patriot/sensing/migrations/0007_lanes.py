"""How far each lane of the ingest has been committed, and how much went to quarantine, kept or not.

`sensing_lane`: written in the same transaction as the readings, so that a message delivered again is known.
`epoch` rises with every process that takes the lane over; whoever holds an older one cannot commit.
"""

from django.db import migrations

FORWARD = """
CREATE TABLE sensing_lane (
    name text PRIMARY KEY,
    epoch bigint NOT NULL DEFAULT 0,
    sequence bigint NOT NULL DEFAULT 0,
    stamp bigint NOT NULL DEFAULT 0
);
COMMENT ON COLUMN sensing_lane.sequence IS 'of the last committed message in the broker''s stream';
COMMENT ON COLUMN sensing_lane.stamp IS 'when the broker stored the newest committed message: ns since 1970';

CREATE TABLE sensing_quarantine_count (
    uid text NOT NULL,
    reason text NOT NULL,
    source text NOT NULL,
    day date NOT NULL,
    count bigint NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (uid, reason, source, day)
);
COMMENT ON TABLE sensing_quarantine_count IS 'All that came to quarantine, also what was too much to keep';
"""
BACKWARD = """
DROP TABLE sensing_quarantine_count;
DROP TABLE sensing_lane;
"""


class Migration(migrations.Migration):
    dependencies = [("sensing", "0006_conditions")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
