/**
 * Rows of a long list that come without what all of them have: it is sent once, as a template, and put into each here.
 * `{who}` and `{name}` of the template stand for what the row's id ends with and for its first words.
 */
const PLACES = "[data-q-fill]";

function escaped(text: string): string {
  const box = document.createElement("div");
  box.textContent = text;
  return box.innerHTML.replaceAll('"', "&quot;");
}

function fill(place: HTMLElement, html: string): void {
  const row = place.closest("[id]");
  if (!row) return;
  const who = row.id.slice(row.id.indexOf("-") + 1);
  const name = row.firstElementChild?.textContent ?? "";
  const words: Record<string, string> = { "{who}": escaped(who), "{name}": escaped(name) };
  place.insertAdjacentHTML("beforeend", html.replaceAll(/\{who\}|\{name\}/gu, (each) => words[each] ?? ""));
  const button = (what: string): Element | null => place.querySelector(`button[value="${CSS.escape(who)}:${what}"]`);
  const mark = place.dataset["mark"];
  if (mark) button(mark)?.setAttribute("aria-current", "true");
  if (!("hand" in place.dataset)) button("")?.remove();
}

/** Makes the rows of a page whole that has just come; returns whether there were any. */
export function fillRows(page: Document): boolean {
  const places = [...page.querySelectorAll<HTMLElement>(PLACES)];
  const htmls = new Map<string, string>();
  for (const place of places) {
    const key = place.dataset["qFill"] ?? "";
    const html = htmls.get(key) ?? page.querySelector(`template[id="${CSS.escape(key)}"]`)?.innerHTML ?? "";
    htmls.set(key, html);
    fill(place, html);
  }
  return places.length > 0;
}
