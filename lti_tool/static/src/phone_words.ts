/** What the app says, in the language that was chosen last: from the catalogues that came with the page. */

export const LANGUAGES: Readonly<Record<string, string>> = { en: "English", "zh-Hans": "中文" };
const LOCALES: Readonly<Record<string, string>> = { en: "en-GB", "zh-Hans": "zh-CN" };

type Catalogue = Readonly<Record<string, string>>;
/** A text as authors write it: for all languages, or by language. */
export type Text = string | Readonly<Record<string, string>>;
type Fields = Readonly<Record<string, string | number>>;

const catalogues = JSON.parse(document.getElementById("phone-words")?.textContent ?? "{}") as Record<string, Catalogue>;
let chosen = "en";

export function languageOf(tag: string): string {
  return tag.toLowerCase().startsWith("zh") ? "zh-Hans" : "en";
}

/** Returns the first language of the reader's browser that the app speaks, else the one of the invitation. */
export function readerLanguage(invited = "en"): string {
  return navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag)) ?? invited;
}

export function language(): string {
  return chosen;
}

export function useLanguage(tag: string): void {
  chosen = languageOf(tag);
  document.documentElement.lang = chosen;
}

/** Returns a message in the reader's language, with its places filled in. */
export function _(message: string, fields: Fields = {}): string {
  const said = catalogues[chosen]?.[message] ?? message;
  return said.replace(/\{([a-z]+)\}/g, (place, name: string) => String(fields[name] ?? place));
}

/** Returns an authored text in the reader's language, else in whichever it has. */
export function textOf(text: Text | null | undefined): string {
  if (!text) return "";
  return typeof text === "string" ? text : (text[chosen] ?? text["en"] ?? Object.values(text)[0] ?? "");
}

/** Returns a moment as people here read it: the time of day, and the day where it is not today. */
export function moment(at: number): string {
  const date = new Date(at);
  const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };
  const isToday = date.toDateString() === new Date().toDateString();
  return date.toLocaleString(LOCALES[chosen], isToday ? time : { day: "numeric", month: "short", ...time });
}

/** Returns the last day that lies before a moment, in UTC: as the pages say it that staff see. */
export function lastDayBefore(iso: string): string {
  const date = new Date(Date.parse(iso) - 1);
  const how: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" };
  return Number.isNaN(date.getTime()) ? "" : date.toLocaleDateString(LOCALES[chosen], how);
}

export function number(value: string | number): string {
  return Number(value).toLocaleString(LOCALES[chosen]);
}

/** Returns names as a list in words: A, B and C. */
export function listOf(names: readonly string[]): string {
  return new Intl.ListFormat(LOCALES[chosen], { type: "conjunction" }).format(names);
}
