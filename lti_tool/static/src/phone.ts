/**
 * Observing on a phone: an app that works without a network. It shows what the phone keeps, and keeps what is chosen
 * before it shows it; the network comes when it comes.
 */
import { Toasts, type App, type View } from "./phone_app";
import { button, h, icon, notice } from "./phone_dom";
import { brokenView, emptyView, moreView, otherTabView, stoppedView } from "./phone_more";
import { Phone } from "./phone_model";
import { forgetAsked, learnersView, tasksView } from "./phone_people";
import { rubricView } from "./phone_rubric";
import { Sender } from "./phone_sending";
import { needsPerson, sentView } from "./phone_sent";
import { Store, StoreUnavailableError } from "./phone_store";
import { watchInstalling } from "./phone_tips";
import { _, languageOf, moment, readerLanguage, useLanguage } from "./phone_words";

const LOCK = "qualoop-phone";
const DARK = matchMedia("(prefers-color-scheme: dark)");
const root = document.getElementById("phone") as HTMLElement;

class Shell implements App {
  readonly sender: Sender;
  isKept = false;
  readonly #toasts = new Toasts();
  /** The link keeps its role; what is in it is said when it changes. */
  readonly #said = h("span", { class: "q-phone-said", role: "status" });
  readonly #status = h("a", { class: "q-phone-status", href: "#sent" }, this.#said);
  readonly #bar = h("header", { class: "q-phone-top" });
  readonly #update = h("div", {});
  readonly #main = h("main", { class: "q-phone-main" });
  #view: View | null = null;
  #shown = "";
  #isPlanned = false;

  constructor(readonly phone: Phone) {
    this.sender = new Sender(phone);
    phone.addEventListener("change", () => this.#soon());
    phone.addEventListener("forgotten", forgetAsked);
  }

  start(): void {
    root.replaceChildren(this.#bar, this.#update, this.#main, this.#toasts.place);
    window.addEventListener("hashchange", () => this.#show(true));
    watchInstalling(() => this.redraw());
    this.#show(false);
    this.sender.start();
    void keepShell((takeOver) => this.#offer(takeOver)).then((isKept) => {
      this.isKept = isKept;
      this.redraw();
    });
  }

  go(address: string, isNew = false): void {
    if (isNew) this.#shown = "";
    if (location.hash === address || (address === "#" && !location.hash)) return this.#show(true);
    location.hash = address;
    this.#show(true);
  }

  redraw(): void {
    this.#refresh(true);
  }

  useLanguage(tag: string): void {
    useLanguage(tag);
    void this.phone.note({ language: languageOf(tag) });
    this.#shown = "";
    this.#show(false);
    document.getElementById(`phone-language-${languageOf(tag)}`)?.focus();
  }

  say(words: string, action?: { label: string; press: () => void }): void {
    this.#toasts.say(words, action);
  }

  /** Many changes at once are one drawing. */
  #soon(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setTimeout(() => {
      this.#isPlanned = false;
      this.#refresh(false);
    });
  }

  #refresh(isAsked: boolean): void {
    const found = this.#find();
    // Another view took the place of the one that is shown: the course came, or it ended.
    if (found.name !== this.#shown) return this.#show(false);
    this.#drawBar();
    if (!this.#view?.refresh || (!isAsked && isWriting(this.#main))) return;
    const focused = document.activeElement?.id ?? "";
    const open = [...this.#main.querySelectorAll("details[open][id]")].map((each) => each.id);
    this.#main.replaceChildren(this.#view.refresh());
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (focused && this.#main.querySelector(`#${CSS.escape(focused)}`)) document.getElementById(focused)?.focus({ preventScroll: true });
  }

  #show(isMoving: boolean): void {
    const { name, make } = this.#find();
    if (name === this.#shown) return;
    this.#shown = name;
    // Nobody's name stays where nothing else of the course does.
    if (!this.phone.pack) this.#toasts.clear();
    this.#view = this.#made(make);
    this.#main.replaceChildren(this.#view.body);
    this.#drawBar();
    document.title = `${this.#view.title} · Qualoop`;
    if (!isMoving) return;
    window.scrollTo(0, 0);
    document.getElementById("phone-title")?.focus({ preventScroll: true });
  }

  /** What cannot be drawn must not take what is kept with it. */
  #made(make: () => View): View {
    try {
      return make();
    } catch (error) {
      console.error(error);
      return { title: _("This page went wrong"), back: "#", body: brokenView(this.phone) };
    }
  }

  /** Returns which view belongs to the address, and what makes it. */
  #find(): { name: string; make: () => View } {
    const { phone } = this;
    const stopped = stoppedView(this);
    if (stopped) return { name: `stopped ${stopped.title}`, make: () => stopped };
    const { pack } = phone;
    if (!pack || !phone.device || this.sender.trouble === "key") return { name: "empty", make: () => emptyView(this) };
    const [first = "", learners = "", replaces = ""] = placesOf(location.hash);
    if (first === "sent") return { name: "sent", make: () => sentView(this) };
    if (first === "phone") return { name: "phone", make: () => moreView(this) };
    const task = pack.tasks.find((each) => each.key === first && !each.beyond);
    const known = [...phone.drafts.values()].find((each) => each.task === first && each.learners.join("+") === learners && (each.replaces ?? "") === replaces);
    const draft = known ?? (task && learners ? phone.draftOf(task, learners.split("+"), phone.captures.get(replaces) ?? null) : null);
    if (draft) return { name: `draft ${draft.id}`, make: () => rubricView(this, draft) };
    if (task && pack.rubrics[task.rubric]) return { name: `task ${task.key}`, make: () => learnersView(this, pack, task) };
    return { name: "tasks", make: () => tasksView(this, pack) };
  }

  #drawBar(): void {
    const view = this.#view;
    const back = view?.back ? h("a", { class: "q-phone-back", href: view.back, "aria-label": _("Back"), id: "phone-back" }, icon("back")) : h("span", { class: "q-phone-back" });
    const more = this.phone.pack ? h("a", { class: "q-phone-back", href: "#phone", "aria-label": _("This phone"), id: "phone-more" }, icon("more")) : h("span", { class: "q-phone-back" });
    const isFocused = document.activeElement?.id ?? "";
    this.#drawStatus();
    // What is said aloud stays where it is: a status that comes anew is not read out.
    if (this.phone.pack && this.#bar.contains(this.#status)) {
      this.#bar.firstElementChild?.replaceWith(back);
      this.#bar.lastElementChild?.replaceWith(more);
    } else this.#bar.replaceChildren(back, this.phone.pack ? this.#status : h("span", { class: "q-phone-name" }, "Qualoop"), more);
    if (isFocused === "phone-back" || isFocused === "phone-more") document.getElementById(isFocused)?.focus({ preventScroll: true });
  }

  /** Says at every moment how it stands with what was done here. */
  #drawStatus(): void {
    const { phone, sender } = this;
    const needs = phone.inOrder().filter(needsPerson).length;
    const [tone, picture, words] = standing(sender, phone);
    const parts = [h("span", { class: "q-phone-standing-words" }, picture && icon(picture), h("span", {}, words))];
    if (needs > 0) parts.push(h("span", { class: "q-badge", "data-tone": "partly" }, _("Need a person: {count}", { count: needs })));
    this.#status.dataset["tone"] = tone;
    const said = parts.map((part) => part.textContent).join(" ");
    if (this.#said.textContent !== parts.map((part) => part.textContent).join("")) this.#said.replaceChildren(...parts);
    this.#status.setAttribute("aria-label", said);
  }

  #offer(takeOver: () => void): void {
    this.#update.replaceChildren(
      h("div", { class: "q-phone-update" }, h("span", {}, _("A new version is ready.")), button(_("Use it now"), takeOver, "", { id: "phone-update" })));
  }
}

/** Returns what an address names: the course's page where it cannot be read. */
function placesOf(address: string): string[] {
  try {
    return address.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  } catch {
    return [];
  }
}

type Standing = ["good" | "partly" | "", "done" | "offline" | "waiting" | "person" | null, string];

function standing(sender: Sender, phone: Phone): Standing {
  const waiting = phone.waiting().length;
  const left = phone.unsent().length;
  const { lastSent } = phone.notes;
  if (sender.trouble === "full") return ["partly", "person", _("No room left on this phone · waiting: {count}", { count: waiting })];
  if (sender.trouble === "offline") return waiting > 0 ? ["partly", "offline", _("Offline · waiting: {count}", { count: waiting })] : ["", "offline", _("Offline · nothing waits")];
  if (waiting > 0) {
    const words = sender.trouble ? _("The server does not answer · waiting: {count}", { count: waiting }) : _("Waiting to be sent: {count}", { count: waiting });
    return ["partly", "waiting", words];
  }
  // What the server did not take was not sent.
  if (left > 0) return ["partly", "person", _("Not taken, still on this phone: {count}", { count: left })];
  return lastSent ? ["good", "done", _("All sent at {time}", { time: moment(lastSent) })] : ["", null, _("Nothing finished yet")];
}

function isWriting(place: HTMLElement): boolean {
  const active = document.activeElement;
  const isField = active instanceof HTMLTextAreaElement || active instanceof HTMLSelectElement || (active instanceof HTMLInputElement && active.type !== "checkbox");
  return isField && place.contains(active);
}

/** Lets the phone keep the app, and says whether it does; calls back when a newer one waits for leave to take over. */
async function keepShell(onNew: (takeOver: () => void) => void): Promise<boolean> {
  if (!("serviceWorker" in navigator)) return false;
  const container = navigator.serviceWorker;
  const hadOne = container.controller !== null;
  container.addEventListener("controllerchange", () => {
    if (hadOne) location.reload();
  });
  const registration = await container.register("/phone/worker.js", { scope: "/phone/", updateViaCache: "none" }).catch(() => null);
  if (!registration) return false;
  const offer = (worker: ServiceWorker | null): void => {
    if (worker && container.controller) onNew(() => worker.postMessage("take-over"));
  };
  offer(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const worker = registration.installing;
    worker?.addEventListener("statechange", () => {
      if (worker.state === "installed") offer(worker);
    });
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && navigator.onLine) void registration.update().catch(() => undefined);
  });
  await container.ready;
  return true;
}

function useTheme(): void {
  if (DARK.matches) document.body.dataset["theme"] = "dark";
  else delete document.body.dataset["theme"];
}

async function run(): Promise<void> {
  let phone: Phone | null = null;
  try {
    phone = await Phone.load(await Store.open());
    useLanguage(phone.notes.language || readerLanguage(phone.pack?.language));
    new Shell(phone).start();
  } catch (error) {
    console.error(error);
    if (!(error instanceof StoreUnavailableError)) return root.replaceChildren(brokenView(phone));
    root.replaceChildren(notice("bad", h("p", {}, _("This browser keeps nothing for this page, so observations would be lost. Leave the private window, or allow the site to keep data."))));
  }
}

/** Holds the lock for as long as the tab works; another tab may take it over. */
function begin(how: LockOptions): void {
  if (!navigator.locks) return void run();
  const stopped = (): void => root.replaceChildren(otherTabView(() => {
    begin({ steal: true });
  }));
  navigator.locks
    .request(LOCK, how, (lock) => {
      if (!lock) return stopped();
      void run();
      return new Promise<void>(() => undefined);
    })
    .catch(() => location.reload());
}

useLanguage(readerLanguage());
useTheme();
DARK.addEventListener("change", useTheme);
begin({ ifAvailable: true });
