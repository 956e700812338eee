"""`patriot user create`."""

import getpass
import secrets
import sys
from argparse import ArgumentParser, Namespace

from django.db import transaction

from patriot.kernel.config import Config
from patriot.people import actions
from patriot.people.rules import Role

ACTOR = "system:cli"


def user_arguments(parser: ArgumentParser) -> None:
    """One action."""
    create = parser.add_subparsers(dest="action", required=True).add_parser(
        "create", help="create an account"
    )
    create.add_argument("username")
    create.add_argument("--role", type=Role, choices=list(Role), default=Role.ADMINISTRATOR)
    create.add_argument("--agency", default="", help="the agency's code, for roles that are held in one")
    create.add_argument("--name", default="", help="the person's name")
    create.add_argument("--email", default="")


@transaction.atomic
def user(_config: Config, args: Namespace) -> int:
    """Create the account with its role. Asks for a password; without a terminal, prints a new one."""
    password, made = _password()
    user_id = actions.create_user(
        args.username, actor=ACTOR, name=args.name, email=args.email, password=password
    )
    actions.grant(user_id, args.role, args.agency, actor=ACTOR)
    print(f"{args.username} is {args.role.value} now." + (f" Password: {password}" if made else ""))
    return 0


def _password() -> tuple[str, bool]:
    """The password, and whether we made it."""
    if not sys.stdin.isatty():
        return secrets.token_urlsafe(12), True
    while True:
        first = getpass.getpass("Password: ")
        if first and first == getpass.getpass("Again: "):
            return first, False
        print("They differ, or are empty. Once more.")
