"""`patriot ledger verify|head|parked|retry`."""

import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace

from patriot.kernel.config import Config
from patriot.ledger import anchors, delivery, queries
from patriot.ledger.queries import Head
from patriot.ledger.verify import Verdict
from patriot.ledger.verify import verify as walk

HASH_BYTES = 32


def ledger_arguments(parser: ArgumentParser) -> None:
    """Its actions."""
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser(
        "head", help="print the chain's end as NUMBER:HASH: keep it where nobody can change it"
    )
    verify = actions.add_parser(
        "verify", help="walk the whole chain; name what was changed, removed or moved"
    )
    verify.add_argument(
        "--head",
        type=_head,
        metavar="NUMBER:HASH",
        help="a head noted earlier (default: the home's own notes)",
    )
    actions.add_parser("parked", help="list events that a reaction could not handle, with the reason")
    retry = actions.add_parser("retry", help="hand a parked event to its reaction once more")
    retry.add_argument("id", type=int, help="as `patriot ledger parked` prints it")


def ledger(config: Config, args: Namespace) -> int:
    """Do one of them. `verify` exits with 1 when the chain is not whole."""
    if args.action == "head":
        print(_words(queries.head()))
        return 0
    if args.action == "parked":
        return _parked()
    if args.action == "retry":
        return _retry(args.id)
    began = time.monotonic()
    verdict = walk(args.head or anchors.last(config.home))
    return _tell(verdict, time.monotonic() - began)


def _parked() -> int:
    for one in queries.parked():
        when = f"{one.at:%Y-%m-%d %H:%M} UTC"
        print(f"{one.id}: number {one.number} for {one.reader}, since {when}: {one.error}")
    return 0


def _retry(parked_id: int) -> int:
    """Exits with 1 when there is no such parked event, or its reaction fails again: it then stays parked."""
    try:
        done = delivery.release(parked_id)
    except Exception as error:
        print(f"It failed again: {error!r}")
        return 1
    print("Handled." if done else "There is no such parked event, or nobody reads it any more.")
    return 0 if done else 1


def _tell(verdict: Verdict, seconds: float) -> int:
    for fault in verdict.faults:
        print(f"number {fault.number} (entry {fault.entry_id}): {fault.words}")
    state = "whole" if verdict.is_whole else f"NOT WHOLE, {len(verdict.faults)} faults"
    print(f"The ledger is {state}: {verdict.seals} entries in {seconds:.1f} s, up to {_words(verdict.head)}")
    return 0 if verdict.is_whole else 1


def _words(head: Head) -> str:
    return f"{head.number}:{head.hash.hex()}"


def _head(text: str) -> Head:
    number, _, digest = text.partition(":")
    try:
        head = Head(int(number), bytes.fromhex(digest))
    except ValueError:
        head = Head(0, b"")
    if len(head.hash) != HASH_BYTES:
        raise ArgumentTypeError(f"{text!r} is not NUMBER:HASH as `patriot ledger head` prints it")
    return head
