/**
 * Words in the page's language. The source strings are English; their translations stand in Django's one gettext
 * catalogue. The build collects every call of `t` into built/messages.json, the page carries them as `#words`.
 */
let words: Record<string, string> | undefined;

function load(): Record<string, string> {
  const block = typeof document === "undefined" ? null : document.getElementById("words");
  return block?.textContent ? (JSON.parse(block.textContent) as Record<string, string>) : {};
}

/** The translation of `message`, with each `{name}` filled in from `values`. */
export function t(message: string, values: Record<string, string | number> = {}): string {
  words ??= load();
  const text = words[message] ?? message;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
