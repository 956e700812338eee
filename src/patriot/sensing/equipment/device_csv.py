"""Many devices at once out of a CSV file: `uid,thing`, one a line. Pure."""

import csv
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from io import StringIO

from django.utils.translation import gettext as _

from patriot.sensing.equipment.devices import check_uid

MOST = 500  # lines in one file
COLUMNS = ("uid", "thing")


@dataclass(frozen=True)
class Line:
    """One line as it would be provisioned. `fault`: why not, empty when it can be."""

    number: int
    uid: str
    thing: int | None
    thing_name: str
    fault: str


def read(text: str, known: Collection[str], things: Mapping[str, tuple[int, str]]) -> list[Line]:
    """The file's lines, each with its fault.

    `known`: identifiers taken already; `things`: what a cell may say (code, number or name, in lower case) →
    id, name. The thing's cell may be empty. Raises ValueError, in words, for a file that is no such table.
    """
    rows = csv.reader(StringIO(text.removeprefix("\ufeff")))
    try:
        header = [cell.strip().lower() for cell in next(rows, [])]
        if header[:1] != ["uid"] or header[1:2] not in ([], ["thing"]):
            raise ValueError(_("The first line must be: uid,thing"))
        found = [(rows.line_num, cells) for cells in rows if any(cell.strip() for cell in cells)]
    except csv.Error as fault:
        raise ValueError(str(fault)) from fault
    if not found:
        raise ValueError(_("The file has no devices."))
    if len(found) > MOST:
        raise ValueError(_("At most {n} devices in one file.").format(n=MOST))
    seen = set(known)
    return [_line(number, cells, seen, things) for number, cells in found]


def _line(number: int, cells: list[str], seen: set[str], things: Mapping[str, tuple[int, str]]) -> Line:
    uid, said = (cell.strip() for cell in (*cells, "", "")[:2])
    thing, name = things.get(said.lower(), (None, said))
    fault = check_uid(uid)
    if not fault and uid in seen:
        fault = _("this identifier is taken")
    if not fault and said and thing is None:
        fault = _("no thing is called “{name}”").format(name=said)
    if len(cells) > len(COLUMNS) and any(cell.strip() for cell in cells[2:]):
        fault = fault or _("more than two cells")
    seen.add(uid)
    return Line(number, uid, thing, name, fault)
