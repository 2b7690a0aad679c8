/** What every page of a class does: it asks again and again, puts in what has changed, and says since when nobody answers. */
import { Idiomorph } from "idiomorph";
import { fillRows } from "./classroom_rows";

export const LIVE_MS = 1_000;
export const SLOWEST_MS = 15_000;
export const PATIENCE_MS = 10_000;
const MS_PER_SECOND = 1_000;
const SECONDS_PER_MINUTE = 60;
export const FRAGMENT = "X-Qualoop-Fragment";
export const VOTE_FORM = "form[data-q-vote]";
export const TOKEN = "csrf";
const TROUBLE = "[data-q-trouble]";
const CHOSEN = new Set(["checked", "value"]);

/** How far the clock of the server is ahead of this one: timers follow the server's. */
let ahead = 0;

export function noteClock(response: Response): void {
  const date = Date.parse(response.headers.get("Date") ?? "");
  if (!Number.isNaN(date)) ahead = date - Date.now();
}

/** Fetches as the player does: whoever keeps the proof of the session adds it, and takes a new one from the answer. */
export async function ask(element: HTMLElement, address: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  element.dispatchEvent(new CustomEvent("qualoop-send", { bubbles: true, detail: { headers } }));
  const response = await fetch(address, { ...init, headers, signal: AbortSignal.timeout(PATIENCE_MS) });
  noteClock(response);
  element.dispatchEvent(new CustomEvent("qualoop-reply", { bubbles: true, detail: { headers: response.headers, element } }));
  return response;
}

export function isWriting(): boolean {
  const active = document.activeElement;
  return active instanceof HTMLTextAreaElement || (active instanceof HTMLInputElement && active.type === "text");
}

/** Returns what a form sends but for its token, which the server may change meanwhile. */
export function fieldsOf(form: HTMLFormElement): URLSearchParams {
  const fields = new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)]));
  fields.delete(TOKEN);
  return fields;
}

/** Returns which round of which question a page takes votes of. */
function roundOf(page: ParentNode): string {
  const form = page.querySelector<HTMLFormElement>(VOTE_FORM);
  if (!form) return "";
  const fields = fieldsOf(form);
  return `${fields.get("poll") ?? ""} ${fields.get("round") ?? ""}`;
}

function isAnswer(node: Element): boolean {
  // What is typed and not sent is a text as often as a choice.
  return node instanceof HTMLTextAreaElement || (node instanceof HTMLInputElement && node.type !== "hidden");
}

/** Returns what was chosen in lists otherwise than the server had it, by the list's id. */
function chosenIn(element: HTMLElement): Map<string, string> {
  const lists = [...element.querySelectorAll<HTMLSelectElement>("select[id]")];
  const given = (list: HTMLSelectElement): number => Math.max(0, [...list.options].findIndex((each) => each.defaultSelected));
  return new Map(lists.filter((list) => list.selectedIndex !== given(list)).map((list) => [list.id, list.value]));
}

/** Chooses again by value: a list may have other options by now, and be in another place. */
function chooseAgain(element: HTMLElement, chosen: ReadonlyMap<string, string>): void {
  for (const [id, value] of chosen) {
    const list = element.querySelector<HTMLSelectElement>(`select[id="${CSS.escape(id)}"]`);
    if (list && [...list.options].some((each) => each.value === value)) list.value = value;
  }
}

/** Puts a fragment in, and keeps what was unfolded; with `keepsChosen` also what was chosen or typed and is not sent. */
export function put(element: HTMLElement, html: string, keepsChosen = false): void {
  const page = new DOMParser().parseFromString(html, "text/html");
  // The options of another question bear the same ids, and what was chosen there is no answer here.
  if (roundOf(element) !== roundOf(page)) element.querySelector(VOTE_FORM)?.remove();
  const chosen = keepsChosen ? chosenIn(element) : new Map<string, string>();
  Idiomorph.morph(element, fillRows(page) ? page.body.innerHTML : html, {
    morphStyle: "innerHTML",
    // It leaves all of the active element as it is, the words on a button too.
    ignoreActiveValue: isWriting(),
    callbacks: {
      beforeAttributeUpdated: (name: string, node: Element) => {
        if (name === "open" && node instanceof HTMLDetailsElement) return false;
        return !(keepsChosen && CHOSEN.has(name) && isAnswer(node));
      },
    },
  });
  chooseAgain(element, chosen);
  tick();
}

export function tick(): void {
  for (const place of document.querySelectorAll<HTMLElement>("[data-q-timer]")) {
    const left = place.querySelector("[data-q-left]");
    const ends = Number(place.dataset["ends"] ?? "");
    place.hidden = !ends;
    if (!ends || !left) continue;
    const seconds = Math.max(0, Math.ceil((ends - Date.now() - ahead) / MS_PER_SECOND));
    const text = `${Math.floor(seconds / SECONDS_PER_MINUTE)}:${String(seconds % SECONDS_PER_MINUTE).padStart(2, "0")}`;
    if (left.textContent !== text) left.textContent = text;
    place.toggleAttribute("data-over", seconds === 0);
  }
}

/** Asks again and again, sooner or later as an answer came or not; at once when the page is looked at again. */
export abstract class Asking extends HTMLElement {
  #timer = 0;
  #wait = 0;
  #isBusy = false;
  /** When the server answered last. */
  #answered = Date.now();

  connectedCallback(): void {
    document.addEventListener("visibilitychange", this.#awake);
    for (const name of ["online", "offline"]) window.addEventListener(name, this.#awake);
    this.later(this.every());
  }

  disconnectedCallback(): void {
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#awake);
    for (const name of ["online", "offline"]) window.removeEventListener(name, this.#awake);
  }

  abstract every(): number;
  abstract look(): Promise<void>;

  later(wait: number): void {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.now(), wait);
  }

  async now(): Promise<void> {
    if (this.#isBusy || !this.isConnected) return;
    this.#isBusy = true;
    try {
      await this.look();
      this.#wait = 0;
      this.#answered = Date.now();
      this.trouble(false);
    } catch {
      this.#wait = Math.min(SLOWEST_MS, Math.max(LIVE_MS, this.#wait * 2));
      this.trouble(true);
    } finally {
      this.#isBusy = false;
      if (this.isConnected) this.later(this.#wait || this.every());
    }
  }

  /** Says since when nothing came through, where the page has a place for it: inside, or beside what changes. */
  trouble(is: boolean): void {
    const place = this.querySelector<HTMLElement>(TROUBLE) ?? document.querySelector<HTMLElement>(TROUBLE);
    if (!place) return;
    const since = new Date(this.#answered);
    const time = [since.getHours(), since.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
    const text = is ? (this.dataset["trouble"] ?? "").replace("{time}", time) : "";
    place.hidden = !is;
    // What has not changed is not read out again.
    if (place.textContent !== text) place.textContent = text;
  }

  readonly #awake = (): void => {
    if (document.visibilityState === "visible") void this.now();
  };
}

