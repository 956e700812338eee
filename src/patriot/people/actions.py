"""Every write about people: check, write, append to the ledger, in one transaction."""

from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from patriot.kernel import clock, ids
from patriot.kernel.errors import Conflict, Invalid, NotFound
from patriot.ledger import actions as ledger
from patriot.people import events
from patriot.people.models import Agency, ApiToken, Handover, Membership, Shift, User
from patriot.people.rules import AGENCY, Role, digest

NEXT_SHIFT = timedelta(hours=8)  # how long whoever takes over is on duty when no shift was planned


@transaction.atomic
def create_user(
    username: str,
    *,
    actor: str,
    name: str = "",
    email: str = "",
    password: str | None = None,
    language: str = "id",
    simulated: bool = False,
) -> int:
    """Open an account; without a password nobody can sign in to it with one. Returns its id.

    Raises Conflict when the name is taken, Invalid when Django's validators refuse the password.
    """
    if User.objects.filter(username=username).exists():
        raise Conflict(_("This user name is taken."))
    user = User(username=username, first_name=name, email=email, language=language, simulated=simulated)
    _check_password(password, user)
    user.set_password(password)
    user.save()
    registered = events.PersonRegistered(user.pk)
    ledger.append(registered, actor=actor, subject=f"user:{user.pk}", simulated=simulated)
    return user.pk


def _check_password(password: str | None, user: User) -> None:
    if password is None:
        return
    try:
        validate_password(password, user)
    except ValidationError as fault:
        raise Invalid({"password": " ".join(fault.messages)}) from fault


@transaction.atomic
def grant(user_id: int, role: Role, agency: str = "", *, actor: str) -> None:
    """Let somebody hold a role, citywide or in one agency. Granting it twice changes nothing.

    Raises Invalid when an agency's role names no agency, NotFound for an unknown person or agency.
    """
    user, owner = _user(user_id), _agency(agency)
    if role in AGENCY and owner is None:
        raise Invalid({"agency": _("This role is held in an agency: choose one.")})
    _held, is_new = Membership.objects.get_or_create(user=user, agency=owner, role=role)
    if is_new:
        _open_admin(user)
        ledger.append(
            events.MembershipGranted(user.pk, role, agency),
            actor=actor,
            subject=f"user:{user.pk}",
            agency=agency,
            simulated=user.simulated,
        )


@transaction.atomic
def revoke(user_id: int, role: Role, agency: str = "", *, actor: str) -> None:
    """Take a role away. Raises NotFound when it was not held."""
    user, owner = _user(user_id), _agency(agency)
    gone, _rows = Membership.objects.filter(user=user, agency=owner, role=role).delete()
    if not gone:
        raise NotFound(_("This role was not held."))
    _open_admin(user)
    ledger.append(
        events.MembershipRevoked(user.pk, role, agency),
        actor=actor,
        subject=f"user:{user.pk}",
        agency=agency,
        simulated=user.simulated,
    )


def _open_admin(user: User) -> None:
    """Keep Django's own flags in step: the admin opens to administrators and to nobody else."""
    is_admin = user.memberships.filter(role=Role.ADMINISTRATOR).exists()
    User.objects.filter(pk=user.pk).update(is_staff=is_admin, is_superuser=is_admin)


@transaction.atomic
def choose_language(user_id: int, language: str) -> None:
    """Remember the language in which somebody wants to read."""
    User.objects.filter(pk=user_id).update(language=language)


@transaction.atomic
def plan_shift(user_id: int, starts_at: datetime, ends_at: datetime, *, actor: str) -> int:
    """Put somebody on duty; returns the shift's id.

    Raises Invalid when it ends before it starts, Conflict when they are on duty then.
    """
    user = _user(user_id)
    if ends_at <= starts_at:
        raise Invalid({"ends_at": _("A shift ends after it starts.")})
    if user.shifts.filter(starts_at__lt=ends_at, ends_at__gt=starts_at).exists():
        raise Conflict(_("This person is already on duty in that time."))
    shift = Shift.objects.create(user=user, starts_at=starts_at, ends_at=ends_at)
    planned = events.ShiftPlanned(user.pk, shift.pk, starts_at.isoformat(), ends_at.isoformat())
    ledger.append(planned, actor=actor, subject=f"user:{user.pk}", simulated=user.simulated)
    return shift.pk


@transaction.atomic
def hand_over(given_by: int, taken_by: int, notes: str = "", *, actor: str) -> int:
    """End one person's running shift now and put the next on duty. Returns the handover's id.

    The next one's planned shift starts early; without one they are on duty for eight hours.
    Raises Conflict when the first is not on duty, or both are the same.
    """
    now, giver, taker = clock.now(), _user(given_by), _user(taken_by)
    running = giver.shifts.filter(starts_at__lt=now, ends_at__gt=now)
    if giver == taker or not running.update(ends_at=now):
        raise Conflict(_("Only somebody on duty can hand over, and to somebody else."))
    _start_now(taker, now)
    handover = Handover.objects.create(given_by=giver, taken_by=taker, at=now, notes=notes)
    ledger.append(
        events.ShiftHandedOver(giver.pk, taker.pk, handover.pk),
        actor=actor,
        subject=f"handover:{handover.pk}",
        simulated=giver.simulated or taker.simulated,
    )
    return handover.pk


def _start_now(user: User, now: datetime) -> None:
    if user.shifts.filter(starts_at__lte=now, ends_at__gt=now).exists():
        return
    soon = user.shifts.filter(starts_at__gt=now, starts_at__lt=now + NEXT_SHIFT).order_by("starts_at").first()
    if soon is None:
        Shift.objects.create(user=user, starts_at=now, ends_at=now + NEXT_SHIFT)
    else:
        Shift.objects.filter(pk=soon.pk).update(starts_at=now)


@transaction.atomic
def create_token(user_id: int, name: str, *, actor: str) -> str:
    """Give out a key to the native API. It is returned this once and cannot be read again."""
    user, token = _user(user_id), ids.token()
    if not name.strip():
        raise Invalid({"name": _("Give the token a name, so that you know later what uses it.")})
    kept = ApiToken.objects.create(user=user, name=name.strip()[:80], digest=digest(token))
    ledger.append(
        events.TokenCreated(user.pk, kept.pk),
        actor=actor,
        subject=f"user:{user.pk}",
        simulated=user.simulated,
    )
    return token


@transaction.atomic
def revoke_token(token_id: int, user_id: int, *, actor: str) -> None:
    """Take a key out of use. Raises NotFound when it is not this person's."""
    gone, _rows = ApiToken.objects.filter(pk=token_id, user_id=user_id).delete()
    if not gone:
        raise NotFound(_("There is no such token."))
    ledger.append(
        events.TokenRevoked(user_id, token_id),
        actor=actor,
        subject=f"user:{user_id}",
        simulated=_user(user_id).simulated,
    )


def _user(user_id: int) -> User:
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound(_("There is no such person."))
    return user


def _agency(code: str) -> Agency | None:
    if not code:
        return None
    agency = Agency.objects.filter(code=code).first()
    if agency is None:
        raise NotFound(_("There is no such agency."))
    return agency
