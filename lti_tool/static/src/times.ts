/** Says moments in the reader's own time: those that a page shows, and those that its forms ask for. */

const MINUTES_WIDTH = 16;
const MS_PER_MINUTE = 60_000;

// British English, because its dates cannot be misread.
const LOCALES: Record<string, string> = { "": "en-GB", en: "en-GB" };

const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
const locale = LOCALES[document.documentElement.lang] ?? document.documentElement.lang;
const words = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
/** Of what happens within one day, which the page names elsewhere: `data-q-time="clock"`. */
const clock = new Intl.DateTimeFormat(locale, { timeStyle: "short" });

function tell(root: ParentNode): void {
  for (const place of root.querySelectorAll<HTMLTimeElement>("time[data-q-time]")) {
    const moment = new Date(place.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    const text = (place.dataset["qTime"] === "clock" ? clock : words).format(moment);
    if (place.textContent !== text) {
      place.title = place.textContent ?? "";
      place.textContent = text;
    }
  }
}

function shifted(value: string, minutes: number): string {
  return new Date(Date.parse(`${value}Z`) + minutes * MS_PER_MINUTE).toISOString().slice(0, MINUTES_WIDTH);
}

/** Shows the fields of a form in local time, and sends them with their zone. */
function localise(form: HTMLFormElement): void {
  const fields = form.querySelectorAll<HTMLInputElement>("input[data-q-utc]");
  for (const field of fields) {
    if (field.value) field.value = shifted(field.value, -new Date(`${field.value}Z`).getTimezoneOffset());
  }
  for (const place of form.querySelectorAll("[data-q-zone]")) place.textContent = "";
  for (const place of form.querySelectorAll<HTMLElement>("[data-q-zone-note]")) {
    place.textContent = (place.dataset["qZoneNote"] ?? "").replace("{zone}", zone);
  }
  form.addEventListener("formdata", (event) => {
    for (const field of fields) {
      const moment = new Date(field.value);
      if (field.value && !Number.isNaN(moment.getTime())) event.formData.set(field.name, moment.toISOString());
    }
  });
}

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-q-times]")) localise(form);
tell(document);
// A page may be drawn anew in its place, or word by word.
new MutationObserver(() => tell(document)).observe(document.body, { childList: true, characterData: true, subtree: true });
