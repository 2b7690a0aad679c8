/**
 * A class that changes by itself. Learners' pages ask for one small document every second or two and fetch themselves
 * anew when it has changed; console and projector listen to events, and ask where no stream is free.
 */
import {
  ask, Asking, fieldsOf, FRAGMENT, isWriting, LIVE_MS, noteClock, PATIENCE_MS, put, SLOWEST_MS, tick, TOKEN, VOTE_FORM,
} from "./classroom_asking";
import { Fitting } from "./classroom_fit";
import { Hold } from "./classroom_hold";

const ASK_MS = 1_200;
const JITTER_MS = 800;
const TICK_MS = 250;
const HELD_MS = 200;
/** What the server says to a vote: taken, the round takes none, it is no answer. All else is no word on the vote. */
const ANSWERS = new Set([200, 409, 422]);
const REFUSED = 409;
const MISSING = 404;
const ALERT = "[role=alert]";

interface Stage {
  readonly version: number;
  readonly timer: number | null;
}

interface Vote {
  readonly address: string;
  readonly fields: string;
  hasFailed: boolean;
}

/** Returns what a form decides: what is sent of it replaces what waits of the same, and of nothing else. */
function keyOf(form: HTMLFormElement): string {
  const fields = fieldsOf(form);
  return `${form.action} ${fields.get("poll") ?? ""} ${fields.get("number") ?? ""}`;
}

class QualoopClass extends Asking {
  #etag = "";
  #isOld = false;
  /** The last vote of each form, until the server has answered it. */
  readonly #votes = new Map<string, Vote>();
  /** What was refused while others were on their way, to be said with their answers. */
  #refusal: Element | null = null;
  #delivery: Promise<void> | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener("submit", this.#onSubmit);
    this.addEventListener("change", this.#onChange);
    void this.now();
  }

  every(): number {
    return ASK_MS + Math.random() * JITTER_MS;
  }

  async look(): Promise<void> {
    await this.#follow();
    if (this.#votes.size) await this.#deliver();
  }

  override trouble(is: boolean): void {
    super.trouble(is || this.#hasFailed);
  }

  get #hasFailed(): boolean {
    return [...this.#votes.values()].some((vote) => vote.hasFailed);
  }

  async #follow(): Promise<void> {
    const headers: Record<string, string> = this.#etag && !this.#isOld ? { "If-None-Match": this.#etag } : {};
    // Whoever is in a team asks where what the team does is seen, too; the page says where.
    const address = this.querySelector<HTMLElement>("[data-stage]")?.dataset["stage"] ?? this.dataset["stage"] ?? "";
    const response = await fetch(address, { headers, signal: AbortSignal.timeout(PATIENCE_MS) });
    noteClock(response);
    if (response.status === 304) return;
    if (response.status === MISSING) {
      // The team that the page asks for is no more: the page knows which there is now.
      await this.#fetchPage();
      this.#etag = "";
      return;
    }
    if (!response.ok) throw new Error(String(response.status));
    const stage = (await response.json()) as Stage;
    if (this.#isOld || stage.version !== this.#shown) await this.#fetchPage();
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
    put(this, await response.text(), true);
    this.#isOld = false;
    this.#tell(this.#delivery !== null);
  }

  readonly #onSubmit = (event: SubmitEvent): void => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !("qVote" in form.dataset)) return;
    event.preventDefault();
    const vote = { address: form.action, fields: fieldsOf(form).toString(), hasFailed: false };
    this.#votes.set(keyOf(form), vote);
    void this.#deliver().catch(() => undefined);
    this.#tell(true);
  };

  /** Sends a form of several questions at each choice, so that nothing is lost when it is closed. */
  readonly #onChange = (event: Event): void => {
    const form = event.target instanceof HTMLInputElement ? event.target.form : null;
    if (form && "qAuto" in form.dataset) form.requestSubmit();
  };

  /** Returns the form that a vote is of, null where the page has it no more: a team has one for each question. */
  #formOf(vote: Vote): HTMLFormElement | null {
    const forms = [...this.querySelectorAll<HTMLFormElement>(VOTE_FORM)];
    return forms.find((form) => form.action === vote.address && fieldsOf(form).toString() === vote.fields) ?? null;
  }

  /** Sends the votes that wait, never two at once: the server counts what comes last, and that must be the last one. */
  #deliver(): Promise<void> {
    this.#delivery ??= this.#sendAll().finally(() => {
      this.#delivery = null;
      this.#refusal = null;
      this.#tell(false);
    });
    return this.#delivery;
  }

  /** Sends each vote once, those that are pressed meanwhile too; throws where one got no answer. */
  async #sendAll(): Promise<void> {
    const tried = new Set<Vote>();
    const waiting = (): [string, Vote] | undefined => [...this.#votes].find(([, vote]) => !tried.has(vote));
    for (let next = waiting(); next; next = waiting()) {
      const [key, vote] = next;
      tried.add(vote);
      try {
        this.#tell(true);
        await this.#send(key, vote);
      } catch {
        vote.hasFailed = true;
      }
    }
    if (this.#hasFailed) throw new Error("a vote got no answer");
  }

  /** Says that a vote is saved only when the server has said so; throws where it has said nothing of the vote. */
  async #send(key: string, vote: Vote): Promise<void> {
    const body = new URLSearchParams(vote.fields);
    body.set(TOKEN, this.querySelector<HTMLInputElement>(`input[name=${TOKEN}]`)?.value ?? "");
    const response = await ask(this, vote.address, { method: "POST", body, headers: { [FRAGMENT]: "1" } });
    if (response.redirected || !ANSWERS.has(response.status)) {
      // The page may have an old token, which a new one replaces.
      if (response.status < 500) this.#isOld = true;
      throw new Error(String(response.status));
    }
    const html = await response.text();
    if (this.#votes.get(key) !== vote) return;
    this.#votes.delete(key);
    const form = this.#formOf(vote);
    const isAsSent = form !== null;
    // Of what was chosen since then nothing is saved, so nothing is said.
    if (response.ok && !isAsSent) return;
    // Where there are several forms, what is chosen in the others is not sent.
    put(this, html, !isAsSent || "qKeep" in form.dataset);
    this.#sayRefusal(response.status);
    // The answer may be older than what was shown: the next look compares.
    this.#etag = "";
  }

  /** Says of a vote that was refused that it was, also where the page that said so makes room for the next answer. */
  #sayRefusal(status: number): void {
    const said = this.querySelector(ALERT);
    if (status === REFUSED) this.#refusal = said?.cloneNode(true) as Element | null;
    else if (this.#refusal && !said) this.querySelector(".q-page-head")?.after(this.#refusal.cloneNode(true));
  }

  /** Shows how it stands with the votes: on their way, not through yet, or none waits. */
  #tell(isSending: boolean): void {
    for (const form of this.querySelectorAll<HTMLFormElement>(VOTE_FORM)) {
      const button = form.querySelector("button");
      if (isSending && this.#votes.has(keyOf(form))) button?.setAttribute("aria-busy", "true");
      else button?.removeAttribute("aria-busy");
    }
    if (this.#votes.size) this.dataset["vote"] = this.#hasFailed ? "failed" : "sending";
    else delete this.dataset["vote"];
    if (this.#hasFailed || !this.#votes.size) this.trouble(this.#hasFailed);
  }
}

class QualoopLive extends Asking {
  #events: EventSource | null = null;
  #etag = "";
  #fitting: Fitting | null = null;
  #hold: Hold | null = null;
  /** What has come is not shown yet. */
  #isBehind = false;
  #changed = 0;

  override connectedCallback(): void {
    this.#hold = new Hold(this);
    this.#changed = performance.now();
    this.#etag = `"${this.dataset["stamp"] ?? ""}"`;
    super.connectedCallback();
    this.#listen();
    if ("qScreen" in this.dataset) this.#fitting = new Fitting(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#events?.close();
    this.#hold?.stop();
    this.#fitting?.stop();
  }

  /** With a stream that speaks, asking is only for the case that it falls silent unseen. */
  every(): number {
    if (this.#isBehind) return HELD_MS;
    return this.#events?.readyState === EventSource.OPEN ? SLOWEST_MS : LIVE_MS;
  }

  #listen(): void {
    const events = new EventSource(this.dataset["events"] ?? "");
    this.#events = events;
    // A stream that breaks off or is there again says something of the server, too.
    for (const name of ["message", "open", "error"]) events.addEventListener(name, () => void this.now());
  }

  /** A page that is heavy changes only so often, and none under the finger of somebody who is about to press. */
  override async now(): Promise<void> {
    const rest = this.#changed + Number(this.dataset["pace"] ?? "0") - performance.now();
    if (this.#hold?.is || rest > 0) {
      if (this.isConnected) this.later(Math.max(HELD_MS, rest));
      return;
    }
    await super.now();
  }

  async look(): Promise<void> {
    this.#isBehind = false;
    // What somebody is typing is not drawn over.
    if (this.contains(document.activeElement) && isWriting()) return;
    const headers = { [FRAGMENT]: "1", "If-None-Match": this.#etag };
    const response = await ask(this, this.dataset["page"] ?? "", { headers });
    if (response.status === 304) return;
    if (!response.ok) throw new Error(String(response.status));
    const html = await response.text();
    // By the time it may be shown there may be something newer.
    this.#isBehind = this.#hold?.is ?? false;
    if (this.#isBehind) return;
    put(this, html, true);
    this.#changed = performance.now();
    this.#etag = response.headers.get("ETag") ?? "";
    this.#fitting?.fit();
  }
}

for (const [tag, element] of Object.entries({ "qualoop-class": QualoopClass, "qualoop-live": QualoopLive })) {
  if (!customElements.get(tag)) customElements.define(tag, element);
}
setInterval(tick, TICK_MS);
tick();
