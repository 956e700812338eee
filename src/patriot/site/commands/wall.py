"""`patriot display add|list|remove`: screens that show the wall without anybody signed in."""

from argparse import ArgumentParser, Namespace

from patriot.kernel.config import Config
from patriot.people.rules import Role, Viewer
from patriot.wall import actions, queries

CLI = Viewer(service="cli", roles=frozenset({Role.ADMINISTRATOR}))  # may do what its user could do anyway


def display_arguments(parser: ArgumentParser) -> None:
    """Three actions."""
    words = parser.add_subparsers(dest="action", required=True)
    words.add_parser("add", help="make a key for a screen").add_argument("name")
    words.add_parser("list", help="the screens and their numbers")
    words.add_parser("remove", help="take a screen's key back").add_argument("number", type=int)


def display(config: Config, args: Namespace) -> int:
    """Do one of them."""
    if args.action == "add":
        key = actions.add_display(args.name, viewer=CLI)
        print("Open this on the screen; the key is not shown again:")
        print(f"{config.public_url}/wall/?key={key}")
    elif args.action == "remove":
        actions.remove_display(args.number, viewer=CLI)
        print("The screen goes dark within a minute.")
    else:
        for row in queries.displays():
            print(f"{row.id:>4}  {row.name}  {row.created_at:%Y-%m-%d}  {row.scene or 'goes round'}")
    return 0
