"""The report form's fields. Place and photos are looked at beside it: they may need a second attempt."""

from django import forms
from django.core.validators import EmailValidator
from django.utils.translation import gettext_lazy as _

from patriot.kernel.geometry import Point
from patriot.reports.rules import KIND_LABELS, LONGEST_PLACE, LONGEST_WORDS, PRIVACY_LABELS, Kind, Privacy


class ReportForm(forms.Form):
    """What a citizen fills in. Only category and place are needed."""

    category = forms.CharField(max_length=48, error_messages={"required": _("Choose what it is about.")})
    words = forms.CharField(required=False, max_length=LONGEST_WORDS)
    place = forms.CharField(required=False, max_length=LONGEST_PLACE)
    chosen = forms.CharField(required=False, max_length=60)
    lon = forms.FloatField(required=False, localize=False)
    lat = forms.FloatField(required=False, localize=False)
    accuracy_m = forms.FloatField(required=False, localize=False, min_value=0, max_value=100_000)
    kind = forms.ChoiceField(choices=list(KIND_LABELS.items()), initial=Kind.COMPLAINT, required=False)
    privacy = forms.ChoiceField(choices=list(PRIVACY_LABELS.items()), initial=Privacy.OPEN, required=False)
    name = forms.CharField(required=False, max_length=120)
    phone = forms.RegexField(
        r"^[+0-9][0-9 ().-]{5,30}$", required=False,
        error_messages={"invalid": _("Write the phone number in digits, such as 0812 3456 7890.")},
    )  # fmt: skip
    email = forms.CharField(
        required=False, max_length=254,
        validators=[EmailValidator(_("This e-mail address is not complete, such as name@example.org."))],
    )  # fmt: skip
    website = forms.CharField(required=False, max_length=200)  # for machines: people do not see it

    def clean_website(self) -> str:
        """People leave it empty."""
        if self.cleaned_data["website"]:
            raise forms.ValidationError(_("Leave this field empty, please: it is there to catch machines."))
        return ""

    def clean_kind(self) -> str:
        """A problem, unless said otherwise."""
        return self.cleaned_data["kind"] or Kind.COMPLAINT

    def clean_privacy(self) -> str:
        """Open, unless said otherwise."""
        return self.cleaned_data["privacy"] or Privacy.OPEN

    def pin(self) -> Point | None:
        """The point set on the map, when it is one."""
        lon, lat = self.cleaned_data.get("lon"), self.cleaned_data.get("lat")
        point = None if lon is None or lat is None else Point(lon, lat)
        return point if point and point.is_valid else None
