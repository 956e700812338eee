/** What the console's map shows. Pure. */
import { markOf } from "../map/marks";
import type { MapIncident, Priority, Unit } from "../wall/types";

export type Group = "open" | "busy" | "done";

export interface Filter {
  priorities: Priority[];
  groups: Group[];
  /** `all`, `assigned`, `none`, or a kind of unit. */
  unit: string;
}

export function emptyFilter(): Filter {
  return { priorities: ["P1", "P2", "P3"], groups: ["open", "busy", "done"], unit: "all" };
}

export function passes(row: MapIncident, filter: Filter): boolean {
  return filter.priorities.includes(row.priority) && filter.groups.includes(markOf(row.state));
}

/** An unknown vehicle is shown with all, and with nothing else. */
export function unitPasses(unit: Unit | undefined, filter: Filter): boolean {
  if (filter.unit === "all") return true;
  if (filter.unit === "assigned") return unit?.state === "assigned";
  return filter.unit !== "none" && unit?.kind === filter.unit;
}
