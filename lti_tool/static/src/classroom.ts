/**
 * A class that changes by itself. Learners' pages ask for one small document every second or two and fetch themselves
 * anew when it has changed; console and projector listen to events, and ask where no stream is free.
 */
import { Idiomorph } from "idiomorph";

const ASK_MS = 1_200;
const JITTER_MS = 800;
const LIVE_MS = 1_000;
const SLOWEST_MS = 15_000;
const PATIENCE_MS = 10_000;
const TICK_MS = 250;
const MS_PER_SECOND = 1_000;
const SECONDS_PER_MINUTE = 60;
const FRAGMENT = "X-Qualoop-Fragment";

/** How far the clock of the server is ahead of this one: timers follow the server's. */
let ahead = 0;

function noteClock(response: Response): void {
  const date = Date.parse(response.headers.get("Date") ?? "");
  if (!Number.isNaN(date)) ahead = date - Date.now();
}

/** Fetches as the player does: whoever keeps the proof of the session adds it, and takes a new one from the answer. */
async function ask(element: HTMLElement, address: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  element.dispatchEvent(new CustomEvent("qualoop-send", { bubbles: true, detail: { headers } }));
  const response = await fetch(address, { ...init, headers, signal: AbortSignal.timeout(PATIENCE_MS) });
  noteClock(response);
  element.dispatchEvent(new CustomEvent("qualoop-reply", { bubbles: true, detail: { headers: response.headers, element } }));
  return response;
}

function isWriting(): boolean {
  const active = document.activeElement;
  return active instanceof HTMLTextAreaElement || (active instanceof HTMLInputElement && active.type === "text");
}

/** Puts a fragment in, and keeps what was chosen, typed or unfolded in what stays. */
function put(element: HTMLElement, html: string): void {
  Idiomorph.morph(element, html, {
    morphStyle: "innerHTML",
    ignoreActiveValue: true,
    callbacks: {
      beforeAttributeUpdated: (name: string, node: Element) => !(name === "open" && node instanceof HTMLDetailsElement),
    },
  });
  tick();
}

function tick(): void {
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
abstract class Asking extends HTMLElement {
  #timer = 0;
  #wait = 0;
  #isBusy = false;

  connectedCallback(): void {
    document.addEventListener("visibilitychange", this.#awake);
    window.addEventListener("online", this.#awake);
    this.later(this.every());
  }

  disconnectedCallback(): void {
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#awake);
    window.removeEventListener("online", this.#awake);
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
      this.trouble(false);
    } catch {
      this.#wait = Math.min(SLOWEST_MS, Math.max(LIVE_MS, this.#wait * 2));
      this.trouble(true);
    } finally {
      this.#isBusy = false;
      if (this.isConnected) this.later(this.#wait || this.every());
    }
  }

  trouble(is: boolean): void {
    const place = this.querySelector<HTMLElement>("[data-q-trouble]");
    if (place) {
      place.hidden = !is;
      place.textContent = is ? (this.dataset["trouble"] ?? "") : "";
    }
  }

  readonly #awake = (): void => {
    if (document.visibilityState === "visible") void this.now();
  };
}

interface Stage {
  readonly version: number;
  readonly timer: number | null;
}

class QualoopClass extends Asking {
  #etag = "";

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener("submit", this.#onSubmit);
    void this.now();
  }

  every(): number {
    return ASK_MS + Math.random() * JITTER_MS;
  }

  async look(): Promise<void> {
    const headers: Record<string, string> = this.#etag ? { "If-None-Match": this.#etag } : {};
    const response = await fetch(this.dataset["stage"] ?? "", { headers, signal: AbortSignal.timeout(PATIENCE_MS) });
    noteClock(response);
    if (response.status === 304) return;
    if (!response.ok) throw new Error(String(response.status));
    const stage = (await response.json()) as Stage;
    if (stage.version !== this.#shown) await this.#fetchPage();
    for (const place of this.querySelectorAll<HTMLElement>("[data-q-timer]")) {
      place.dataset["ends"] = stage.timer ? String(stage.timer) : "";
    }
    tick();
    this.#etag = response.headers.get("ETag") ?? "";
  }

  get #shown(): number {
    return Number(this.querySelector<HTMLElement>("[data-version]")?.dataset["version"] ?? "0");
  }

  async #fetchPage(): Promise<void> {
    const response = await ask(this, this.dataset["page"] ?? "", { headers: { [FRAGMENT]: "1" } });
    if (!response.ok || response.redirected) throw new Error(String(response.status));
    put(this, await response.text());
  }

  readonly #onSubmit = (event: SubmitEvent): void => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !("qVote" in form.dataset)) return;
    event.preventDefault();
    void this.#send(form);
  };

  /** Says that a vote is saved only when the server has said so. */
  async #send(form: HTMLFormElement): Promise<void> {
    const button = form.querySelector("button");
    button?.setAttribute("aria-busy", "true");
    const body = new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    try {
      const response = await ask(this, form.action, { method: "POST", body, headers: { [FRAGMENT]: "1" } });
      if (response.status >= 500) throw new Error(String(response.status));
      put(this, await response.text());
    } catch {
      this.trouble(true);
    } finally {
      button?.removeAttribute("aria-busy");
    }
  }
}

class QualoopLive extends Asking {
  #events: EventSource | null = null;
  #etag = "";

  override connectedCallback(): void {
    this.#etag = `"${this.dataset["stamp"] ?? ""}"`;
    super.connectedCallback();
    this.#listen();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#events?.close();
  }

  /** With a stream that speaks, asking is only for the case that it falls silent unseen. */
  every(): number {
    return this.#events?.readyState === EventSource.OPEN ? SLOWEST_MS : LIVE_MS;
  }

  #listen(): void {
    const events = new EventSource(this.dataset["events"] ?? "");
    this.#events = events;
    events.addEventListener("message", () => void this.now());
  }

  async look(): Promise<void> {
    // What somebody is typing is not drawn over.
    if (this.contains(document.activeElement) && isWriting()) return;
    const headers = { [FRAGMENT]: "1", "If-None-Match": this.#etag };
    const response = await ask(this, this.dataset["page"] ?? "", { headers });
    if (response.status === 304) return;
    if (!response.ok) throw new Error(String(response.status));
    put(this, await response.text());
    this.#etag = response.headers.get("ETag") ?? "";
  }
}

for (const [tag, element] of Object.entries({ "qualoop-class": QualoopClass, "qualoop-live": QualoopLive })) {
  if (!customElements.get(tag)) customElements.define(tag, element);
}
setInterval(tick, TICK_MS);
tick();
