"""Areas, facilities, streets, waters, grounds; the edition in force of each; the road network in use."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Area(models.Model):
    """The city, a kecamatan or a kelurahan. `geometry` is GeoJSON, indicative until an official one comes."""

    code = models.CharField(_("code"), max_length=16, unique=True)
    name = models.CharField(_("name"), max_length=80)
    level = models.CharField(_("level"), max_length=16)
    parent = models.CharField(_("part of"), max_length=16, blank=True)
    aliases = models.JSONField(_("other spellings"), default=list, blank=True)
    lon = models.FloatField()
    lat = models.FloatField()
    geometry = models.JSONField()
    source = models.CharField(_("source"), max_length=16, default="indicative")  # or "official"

    class Meta:
        verbose_name = _("area")
        verbose_name_plural = _("areas")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Facility(models.Model):
    """A place that people know by name."""

    code = models.CharField(_("code"), max_length=48, unique=True)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=32, db_index=True)
    lon = models.FloatField()
    lat = models.FloatField()
    area = models.CharField(_("area"), max_length=16, blank=True)
    agency = models.CharField(_("agency"), max_length=32, blank=True)
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    aliases = models.JSONField(_("other names"), default=list, blank=True)

    class Meta:
        verbose_name = _("facility")
        verbose_name_plural = _("facilities")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Street(models.Model):
    """A piece of street. Streets meet where they share a vertex. `line` is a list of [lon, lat]."""

    name = models.CharField(_("name"), max_length=120, blank=True)
    kind = models.CharField(_("class"), max_length=24)
    authority = models.CharField(_("road authority"), max_length=16)
    maxspeed = models.PositiveSmallIntegerField(_("speed limit, km/h"))
    oneway = models.BooleanField(_("one way"), default=False)
    bridge = models.CharField(_("bridge"), max_length=160, blank=True)
    line = models.JSONField()

    class Meta:
        verbose_name = _("street")
        verbose_name_plural = _("streets")

    def __str__(self) -> str:
        return self.name


class Waterway(models.Model):
    """A river or canal. `line` is a list of [lon, lat]."""

    name = models.CharField(_("name"), max_length=120, blank=True)
    kind = models.CharField(_("kind"), max_length=16)
    width_m = models.FloatField(_("width, m"), default=10)
    line = models.JSONField()

    class Meta:
        verbose_name = _("waterway")
        verbose_name_plural = _("waterways")

    def __str__(self) -> str:
        return self.name


class Ground(models.Model):
    """Open ground worth showing on a map: a park, fields, a landfill. `ring` is a list of [lon, lat]."""

    name = models.CharField(_("name"), max_length=120, blank=True)
    kind = models.CharField(_("kind"), max_length=16)
    ring = models.JSONField()

    class Meta:
        verbose_name = _("ground")
        verbose_name_plural = _("grounds")

    def __str__(self) -> str:
        return self.name


class Edition(models.Model):
    """The edition in force of a part of the map. Whoever keeps a copy compares the stamp and reads anew."""

    part = models.CharField(max_length=16, unique=True)  # "areas", "places", "streets"
    stamp = models.CharField(max_length=32)  # never used twice, so that a rolled back one cannot be mistaken
    digest = models.CharField(max_length=64, blank=True)  # of what was loaded, to load nothing twice
    source = models.CharField(max_length=160, blank=True)
    indicative = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("edition")
        verbose_name_plural = _("editions")

    def __str__(self) -> str:
        return f"{self.part} {self.stamp}"


class Network(models.Model):
    """A road network that was built; the newest row is in use. Its files: `<home>/roads/<version>`."""

    version = models.CharField(_("version"), max_length=64)
    source = models.CharField(_("source"), max_length=160)
    indicative = models.BooleanField(_("indicative"))
    top_speed_kmh = models.PositiveSmallIntegerField(
        _("highest speed, km/h"), default=130
    )  # nobody is faster
    built_at = models.DateTimeField(_("built at"))

    class Meta:
        verbose_name = _("road network")
        verbose_name_plural = _("road networks")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.version} {self.source}"
