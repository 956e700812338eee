"""The index by number is summarized by the rollup worker, as the one by time.

Autovacuum keeps a list of 256 such wishes and logs each that it has no room for: at 128,000 readings a second
that is a line of log every few seconds.
"""

from django.db import migrations

INDEX = "CREATE INDEX sensing_observation_number ON sensing_observation USING brin (id)"
DROP = "DROP INDEX sensing_observation_number;"


class Migration(migrations.Migration):
    dependencies = [("sensing", "0010_condition_streams")]
    operations = [migrations.RunSQL(f"{DROP} {INDEX}", f"{DROP} {INDEX} WITH (autosummarize = on)")]
