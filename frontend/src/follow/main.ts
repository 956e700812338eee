/**
 * A report's public page. Its changing part carries `data-follow="<incident id>"` and asks the server for itself
 * (htmx) on the event `live`: at once when the city's stream tells of this incident, not only at its next turn.
 */
const KINDS = [
  "incident.report_attached",
  "incident.state_changed",
  "incident.rerouted",
  "incident.priority_changed",
  "incident.merged",
  "incident.replied",
  "incident.confirmed",
  "incident.reopened",
  "task.opened",
  "task.funded",
  "task.state_changed",
  "dispatch.assigned",
  "dispatch.state_changed",
  "dispatch.photo_added",
];

interface News {
  body?: { incident?: number };
}

/** The part is replaced by each answer: always look it up anew. */
function part(): HTMLElement | null {
  return document.querySelector<HTMLElement>("[data-follow]");
}

function refresh(): void {
  part()?.dispatchEvent(new CustomEvent("live"));
}

function heard(event: MessageEvent<string>): void {
  const incident = (JSON.parse(event.data) as News).body?.incident;
  if (incident !== undefined && String(incident) === part()?.dataset["follow"]) refresh();
}

let stream: EventSource | null = null;

/** A page nobody looks at holds no connection; it catches up when it is looked at again. */
function follow(): void {
  stream?.close();
  stream = document.hidden ? null : new EventSource("/live");
  for (const kind of KINDS) stream?.addEventListener(kind, heard);
}

if (part()) {
  follow();
  document.addEventListener("visibilitychange", () => {
    follow();
    if (!document.hidden) refresh();
  });
}
