"""The eight entities of OGC SensorThings 1.1, and who speaks for a thing.

Observations live in `sensing_observation` and the newest of each datastream in `sensing_latest`, plain SQL,
one partition a day: see migration 0002. They have no foreign keys: this is the hot path.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

GEOJSON = "application/geo+json"
PRIORITIES = [("low", _("low")), ("medium", _("medium")), ("high", _("high"))]


class Named(models.Model):
    """What every entity but the observation has."""

    name = models.CharField(_("name"), max_length=255)
    description = models.TextField(_("description"), blank=True)
    properties = models.JSONField(_("properties"), null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class Location(Named):
    """Where a thing is. `lon`, `lat`: the point, or a point of the geometry, degrees; None: no geometry."""

    encoding_type = models.CharField(max_length=100, default=GEOJSON)
    location = models.JSONField()
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    feature = models.ForeignKey(
        "FeatureOfInterest", models.SET_NULL, null=True, blank=True, related_name="+"
    )  # made of this place, for observations that name none

    class Meta:
        verbose_name = _("location")
        verbose_name_plural = _("locations")
        ordering = ["pk"]


class Thing(Named):
    """A station, gauge, lamp controller, parking lot … `purpose`: what it is for, see `rules.Purpose`."""

    purpose = models.CharField(_("purpose"), max_length=32, blank=True, db_index=True)
    agency = models.CharField(_("agency"), max_length=32, blank=True, db_index=True)
    area = models.CharField(_("area"), max_length=20, blank=True)
    locations = models.ManyToManyField(Location, related_name="things", blank=True)
    public = models.BooleanField(_("public"), default=False)
    simulated = models.BooleanField(_("simulated"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("thing")
        verbose_name_plural = _("things")
        ordering = ["pk"]


class HistoricalLocation(models.Model):
    """Where a thing was from a moment on. It stays when the thing moves on."""

    thing = models.ForeignKey(Thing, models.CASCADE, related_name="historical_locations")
    time = models.DateTimeField()
    locations = models.ManyToManyField(Location, related_name="historical_locations")

    class Meta:
        ordering = ["pk"]


class Sensor(Named):
    """A procedure or an instrument's make."""

    encoding_type = models.CharField(max_length=100)
    metadata = models.JSONField()

    class Meta:
        verbose_name = _("sensor")
        verbose_name_plural = _("sensors")
        ordering = ["pk"]


class ObservedProperty(Named):
    """What is observed: water level, PM2.5."""

    definition = models.CharField(max_length=500)

    class Meta:
        verbose_name = _("observed property")
        verbose_name_plural = _("observed properties")
        ordering = ["pk"]


class FeatureOfInterest(Named):
    """What an observation is about: mostly the thing's place."""

    encoding_type = models.CharField(max_length=100, default=GEOJSON)
    feature = models.JSONField()
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    begun = models.BooleanField(default=True)  # False: made of a place nobody observed at yet

    class Meta:
        ordering = ["pk"]


class Datastream(Named):
    """One property of one thing as one sensor observes it.

    `key`: its short name in topics and on pages, unique within the thing. `limits`: what its readings are
    checked against, see `quality.Limits`. `calibrated_until`: None: needs no calibration.
    """

    thing = models.ForeignKey(Thing, models.CASCADE, related_name="datastreams")
    sensor = models.ForeignKey(Sensor, models.CASCADE, related_name="datastreams")
    observed_property = models.ForeignKey(ObservedProperty, models.CASCADE, related_name="datastreams")
    feature = models.ForeignKey(
        FeatureOfInterest, models.SET_NULL, null=True, blank=True, related_name="+"
    )  # of its observations that name none
    key = models.SlugField(_("key"), max_length=48)
    observation_type = models.CharField(max_length=200)
    unit_name = models.CharField(max_length=100, null=True, blank=True)
    unit_symbol = models.CharField(max_length=40, null=True, blank=True)
    unit_definition = models.CharField(max_length=500, null=True, blank=True)
    observed_area = models.JSONField(null=True, blank=True)  # as somebody said it
    extent = models.JSONField(null=True, blank=True)  # hull of the features its observations are about
    begun = models.BooleanField(default=False, db_default=False)  # something was observed about its feature
    feature_since = models.DateTimeField(null=True, blank=True)  # see PastFeature
    public = models.BooleanField(_("public"), default=False)
    limits = models.JSONField(_("limits"), default=dict, blank=True)
    calibrated_until = models.DateField(_("calibrated until"), null=True, blank=True)

    class Meta:
        verbose_name = _("datastream")
        verbose_name_plural = _("datastreams")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["thing", "key"], name="sensing_datastream_key")]


class PastFeature(models.Model):
    """What a datastream's observations that name no feature were about, those received until a moment.

    Of several the earliest that is not over counts; after the last, `Datastream.feature_since`, it is the
    datastream's own `feature`. The database keeps these, and deletes them: see migration 0013.
    """

    datastream = models.ForeignKey(
        Datastream, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    feature = models.ForeignKey(FeatureOfInterest, models.DO_NOTHING, related_name="+", db_constraint=False)
    until = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["datastream", "until"], name="sensing_past_until")]


class Device(models.Model):
    """What speaks for a thing over MQTT or HTTP, as `uid`. Its secret is kept as a digest."""

    uid = models.CharField(_("identifier"), max_length=64, unique=True)
    thing = models.ForeignKey(Thing, models.SET_NULL, null=True, blank=True, related_name="devices")
    secret_digest = models.CharField(max_length=128, blank=True)  # "": it may not sign in yet
    enabled = models.BooleanField(_("enabled"), default=True)
    online = models.BooleanField(_("online"), null=True)  # None: it never said
    online_since = models.DateTimeField(null=True)  # of `online`, whichever way
    battery_pct = models.FloatField(_("battery, %"), null=True)
    simulated = models.BooleanField(_("simulated"), default=False)

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        ordering = ["uid"]

    def __str__(self) -> str:
        return self.uid


class Quarantined(models.Model):
    """A payload that could not be used, as it came, with the reason; until somebody resolves it."""

    at = models.DateTimeField(_("received at"), db_index=True)
    source = models.CharField(_("source"), max_length=16)  # mqtt, http, csv
    uid = models.CharField(_("identifier"), max_length=80, db_index=True)
    topic = models.CharField(_("topic"), max_length=255, blank=True)
    reason = models.CharField(_("reason"), max_length=40)
    payload = models.BinaryField(_("payload"))
    resolved_at = models.DateTimeField(null=True, db_index=True)
    resolution = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("quarantined payload")
        verbose_name_plural = _("quarantined payloads")
        ordering = ["-at"]


class Asset(models.Model):
    """Something the city bought and must keep working: a station, a camera, a link, a siren.

    `device` is what speaks for it; without one nobody watches it yet. `every_s`: how often it should be
    heard. `contact`: whom to call when it is silent, and whom to ask for its data. `note`: what its data is
    kept for and how long, and how sure its entries are.
    """

    code = models.CharField(_("code"), max_length=48, unique=True)
    name = models.CharField(_("name"), max_length=200)
    sort = models.CharField(_("sort"), max_length=16, db_index=True)  # see assets.Sort
    agency = models.CharField(_("agency"), max_length=32, blank=True, db_index=True)
    device = models.OneToOneField(Device, models.SET_NULL, null=True, blank=True, related_name="asset")
    lon = models.FloatField(null=True, blank=True)
    lat = models.FloatField(null=True, blank=True)
    every_s = models.PositiveIntegerField(_("expected every, seconds"), default=300)
    installed_on = models.DateField(_("installed on"), null=True, blank=True)
    yearly_cost_idr = models.BigIntegerField(_("cost a year, rupiah"), null=True, blank=True)
    contact = models.CharField(_("contact"), max_length=200, blank=True)
    note = models.TextField(_("note"), blank=True)
    indicative = models.BooleanField(_("indicative"), default=False)
    simulated = models.BooleanField(_("simulated"), default=False)

    class Meta:
        verbose_name = _("asset")
        verbose_name_plural = _("assets")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class AssetDay(models.Model):
    """How much of a day (WIB) an asset was heard: moments it spoke in, of those it should have."""

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="days")
    day = models.DateField()
    expected = models.IntegerField()
    heard = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["asset", "day"], name="sensing_asset_day")]


class RiverLink(models.Model):
    """How long a wave needs from one gauge to a lower one, as experience has it, and whose experience."""

    upstream = models.ForeignKey(Thing, models.CASCADE, related_name="flows_to")
    downstream = models.ForeignKey(Thing, models.CASCADE, related_name="flows_from")
    hours_min = models.FloatField()
    hours_max = models.FloatField()
    source = models.CharField(max_length=300)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upstream", "downstream"], name="sensing_river_link")]


class Index(models.Model):
    """What readings of a thing meant over a period ending `at`: its class in words is `label`, a code.

    `value` None: there was too little to say, and `detail` tells what was missing.
    """

    thing = models.ForeignKey(Thing, models.CASCADE, related_name="indices")
    code = models.CharField(max_length=16)  # ispu, pollution, lights, parking
    at = models.DateTimeField()
    value = models.FloatField(null=True)
    label = models.CharField(max_length=32, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at"]
        constraints = [models.UniqueConstraint(fields=["thing", "code", "at"], name="sensing_index_once")]


class ForecastModel(models.Model):
    """A model's card: what it was learned from and how wrong it was on what it had not seen."""

    thing = models.ForeignKey(Thing, models.CASCADE, related_name="forecast_models")
    trained_at = models.DateTimeField()
    method = models.CharField(max_length=16)  # learned, rule_of_thumb
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    events = models.IntegerField(default=0)
    mae_cm = models.FloatField(null=True)
    mae_hours = models.FloatField(null=True)
    coverage = models.FloatField(null=True)  # share of held-out levels inside the interval
    parameters = models.JSONField(default=dict)

    class Meta:
        ordering = ["-trained_at"]


class Forecast(models.Model):
    """What was expected of a gauge's highest level, when it was said. `low`…`high`: 9 cases in 10."""

    thing = models.ForeignKey(Thing, models.CASCADE, related_name="forecasts")
    model = models.ForeignKey(ForecastModel, models.CASCADE, related_name="forecasts")
    made_at = models.DateTimeField(db_index=True)
    peak_at = models.DateTimeField(null=True)  # None: no rise in sight
    peak_from = models.DateTimeField(null=True)
    peak_to = models.DateTimeField(null=True)
    value = models.FloatField(null=True)  # cm; None: only the hour is known
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    detail = models.JSONField(default=dict)  # the rest of `events.ForecastMade`

    class Meta:
        ordering = ["-made_at"]
        constraints = [models.UniqueConstraint(fields=["thing", "made_at"], name="sensing_forecast_once")]


class Threshold(models.Model):
    """One degree of abnormal of one datastream, as it was valid for some time.

    Several rows with the same `code` and `level` and other dates are versions of it: a reading is judged by
    the one valid at its own time. Values in the datastream's unit; for `rate_of_rise` in units an hour, taken
    over `window_s`. It holds from `value` on until the reading is back beyond `clear` (None: beyond `value`).
    """

    datastream = models.ForeignKey(Datastream, models.CASCADE, related_name="thresholds")
    code = models.CharField(_("type"), max_length=24, default="siaga")
    level = models.SmallIntegerField(_("level"))  # higher is worse, from 1
    name = models.CharField(_("name"), max_length=60)
    value = models.FloatField(_("value"))
    clear = models.FloatField(_("clears at"), null=True, blank=True)
    below = models.BooleanField(_("abnormal below"), default=False)
    delay_on_s = models.FloatField(_("delay on, s"), default=0)
    delay_off_s = models.FloatField(_("delay off, s"), default=0)
    window_s = models.FloatField(_("window, s"), default=1800)
    priority = models.CharField(_("priority"), max_length=8, choices=PRIORITIES, default="medium")
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(
        _("valid to"), null=True, blank=True
    )  # the first day it is not valid any more
    source = models.CharField(_("source"), max_length=255, blank=True)

    class Meta:
        verbose_name = _("threshold")
        verbose_name_plural = _("thresholds")
        ordering = ["datastream", "code", "level", "valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["datastream", "code", "level", "valid_from"], name="sensing_threshold_version"
            ),
            models.CheckConstraint(condition=models.Q(level__gte=1), name="sensing_threshold_level"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.datastream})"


class Condition(models.Model):
    """How something about a thing stands: level 0 is normal. One row a condition, kept when it is over."""

    condition = models.CharField(max_length=80, primary_key=True)  # "siaga:12"
    code = models.CharField(max_length=24, db_index=True)
    level = models.SmallIntegerField()
    old_level = models.SmallIntegerField(default=0)
    label = models.CharField(max_length=80, blank=True)
    priority = models.CharField(max_length=8, choices=PRIORITIES)
    value = models.FloatField(null=True)
    at = models.DateTimeField()  # of the reading that changed it
    changed_at = models.DateTimeField()  # when we knew
    thing_id = models.BigIntegerField(null=True, db_index=True)
    datastream_id = models.BigIntegerField(null=True, db_index=True)
    name = models.CharField(max_length=255, blank=True)
    unit = models.CharField(max_length=40, blank=True)
    agency = models.CharField(max_length=32, blank=True)
    area = models.CharField(max_length=20, blank=True)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    simulated = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("condition")
        verbose_name_plural = _("conditions")
        indexes = [
            models.Index(fields=["code", "level"], name="sensing_abnormal", condition=models.Q(level__gt=0))
        ]

    def __str__(self) -> str:
        return self.condition


class Combination(models.Model):
    """A condition made of others, for example: both upstream gauges at Siaga 2. See `combos.Expression`."""

    name = models.CharField(_("name"), max_length=120)
    level = models.SmallIntegerField(_("level"), default=1)
    priority = models.CharField(_("priority"), max_length=8, choices=PRIORITIES, default="high")
    expression = models.JSONField(_("expression"))
    thing = models.ForeignKey(
        Thing, models.SET_NULL, null=True, blank=True, related_name="combinations"
    )  # where it matters
    enabled = models.BooleanField(_("enabled"), default=True)
    source = models.CharField(_("source"), max_length=255, blank=True)

    class Meta:
        verbose_name = _("combination of conditions")
        verbose_name_plural = _("combinations of conditions")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
