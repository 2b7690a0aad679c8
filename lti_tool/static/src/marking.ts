/**
 * The marking room from the keyboard: digits choose the level of the row, arrows go from row to row, letters press what
 * the page has anyway. Without this script everything works with the page's own buttons.
 */

import { Drafts, forgetSent } from "../../../qualoop/player/static/src/drafts";

const WITHOUT_KEYS = "qualoop-marking-keys-off";
const PER_CENT = 100;

/** A storage may be forbidden in a frame; then the choice holds until the page is left. */
function remembered(): boolean {
  try {
    return sessionStorage.getItem(WITHOUT_KEYS) === null;
  } catch {
    return true;
  }
}

function remember(isOn: boolean): void {
  try {
    if (isOn) sessionStorage.removeItem(WITHOUT_KEYS);
    else sessionStorage.setItem(WITHOUT_KEYS, "1");
  } catch {
    // Nothing is lost but the choice.
  }
}

function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && target.type !== "radio" && target.type !== "checkbox")
  );
}

class Room {
  readonly #rows: HTMLFieldSetElement[];
  readonly #form: HTMLFormElement | null;
  readonly #undo: (() => void)[] = [];
  readonly #drafts: Drafts;
  #before = new Map<string, HTMLInputElement | null>();
  #isDirty = false;

  constructor(readonly root: HTMLElement) {
    this.#form = root.querySelector<HTMLFormElement>("form[data-q-marking]");
    this.#rows = [...(this.#form?.querySelectorAll<HTMLFieldSetElement>("[data-q-row]") ?? [])];
    for (const row of this.#rows) this.#before.set(row.id, checked(row));
    root.addEventListener("focusin", (event) => this.#mark(event.target));
    this.#form?.addEventListener("input", (event) => this.#onInput(event.target));
    root.addEventListener("click", (event) => this.#onClick(event));
    this.#drafts = new Drafts(root, (restored) => this.#onRestored(restored));
    const unmarked = this.#rows.find((row) => !checked(row)) ?? this.#rows[0];
    if (unmarked) this.#current = unmarked;
    if (new URLSearchParams(location.search).has("done")) forgetSent();
    this.#drafts.connect();
    this.#drafts.restore();
    if (this.#form && "qUnsaved" in this.#form.dataset) this.#isDirty = true;
  }

  /** What was put back is not saved: on the way to another work it is, as what was just entered. */
  #onRestored(restored: boolean): void {
    for (const row of this.#rows) this.#before.set(row.id, checked(row));
    this.#isDirty = restored;
    this.#add();
  }

  /** The way to the next work saves first what was entered, from the mouse as from the keyboard. */
  #onClick(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest<HTMLElement>("a[data-q-key]") : null;
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    const saving = link && isPlain && this.#isDirty ? this.#saving(link.dataset["qKey"] ?? "") : null;
    if (saving) {
      event.preventDefault();
      saving.click();
    }
  }

  #saving(key: string): HTMLElement | null {
    return this.root.querySelector<HTMLElement>(`[data-q-save-key="${CSS.escape(key)}"]`);
  }

  get #current(): HTMLFieldSetElement | undefined {
    return this.#rows.find((row) => "current" in row.dataset) ?? this.#rows[0];
  }

  set #current(chosen: HTMLFieldSetElement | undefined) {
    for (const row of this.#rows) {
      if (row === chosen) row.dataset["current"] = "";
      else delete row.dataset["current"];
    }
  }

  /** Does what a key asks for; says whether it asked for anything. */
  press(key: string): boolean {
    if (/^[1-9]$/.test(key)) return this.#choose(key);
    if (key === "ArrowDown") return this.#step(1);
    if (key === "ArrowUp") return this.#step(-1);
    if (key === "z" && this.#undo.length > 0) {
      this.#undo.pop()?.();
      return true;
    }
    const saving = this.#isDirty ? this.#saving(key) : null;
    const wanted = saving ?? this.root.querySelector<HTMLElement>(`[data-q-key="${CSS.escape(key)}"]`);
    wanted?.click();
    return wanted !== null;
  }

  #choose(digit: string): boolean {
    const level = this.#current?.querySelector<HTMLInputElement>(`[data-q-level="${digit}"]`);
    if (!level) return false;
    level.focus();
    if (!level.checked) level.click();
    return true;
  }

  #step(by: number): boolean {
    const row = this.#current;
    if (!row) return false;
    const next = this.#rows[this.#rows.indexOf(row) + by];
    if (!next) return true;
    this.#current = next;
    (checked(next) ?? next.querySelector<HTMLInputElement>("[data-q-level]"))?.focus();
    next.scrollIntoView({ block: "nearest" });
    return true;
  }

  #mark(target: EventTarget | null): void {
    const row = target instanceof Element ? target.closest<HTMLFieldSetElement>("[data-q-row]") : null;
    if (row) this.#current = row;
  }

  #onInput(target: EventTarget | null): void {
    this.#isDirty = true;
    const row = target instanceof Element ? target.closest<HTMLFieldSetElement>("[data-q-row]") : null;
    if (target instanceof HTMLInputElement && target.type === "radio" && row) {
      const before = this.#before.get(row.id) ?? null;
      const points = row.querySelector<HTMLInputElement>("[data-q-fine]");
      const text = points?.value ?? "";
      this.#undo.push(() => this.#restore(row, before, text));
      this.#before.set(row.id, target);
      if (points) points.value = target.dataset["qPoints"] ?? "";
    }
    this.#add();
  }

  #restore(row: HTMLFieldSetElement, level: HTMLInputElement | null, text: string): void {
    const now = checked(row);
    if (level) level.checked = true;
    else if (now) now.checked = false;
    const points = row.querySelector<HTMLInputElement>("[data-q-fine]");
    if (points) points.value = text;
    this.#before.set(row.id, level);
    this.#current = row;
    this.#add();
  }

  /** Shows the sum of what is chosen; what counts is what the server adds up. */
  #add(): void {
    const sum = this.#rows.reduce((total, row) => total + pointsOf(row), 0);
    const most = Number(this.#form?.dataset["qMost"]);
    const place = this.#form?.querySelector("[data-q-sum]");
    const share = this.#form?.querySelector("[data-q-share]");
    if (place) place.textContent = String(Math.round(sum * PER_CENT) / PER_CENT);
    if (share && most > 0) share.textContent = `${Math.round((sum / most) * PER_CENT)}%`;
  }
}

function checked(row: HTMLFieldSetElement): HTMLInputElement | null {
  return row.querySelector<HTMLInputElement>("[data-q-level]:checked");
}

function pointsOf(row: HTMLFieldSetElement): number {
  const level = checked(row);
  if (!level) return 0;
  const typed = row.querySelector<HTMLInputElement>("[data-q-fine]")?.value.replace(",", ".") ?? "";
  const points = typed.trim() === "" ? NaN : Number(typed);
  return Number.isFinite(points) ? points : Number(level.dataset["qPoints"]);
}

const root = document.querySelector<HTMLElement>("[data-q-room]");
if (root && !("ready" in root.dataset)) {
  root.dataset["ready"] = "";
  const room = new Room(root);
  const keys = root.querySelector<HTMLInputElement>("[data-q-keys]");
  if (keys) {
    keys.checked = remembered();
    keys.addEventListener("change", () => remember(keys.checked));
  }
  // On the document, since nothing of the page needs to have the focus; gone with the page that it belongs to.
  document.addEventListener("keydown", (event) => {
    const isOurs = root.isConnected && (keys?.checked ?? true) && !isWriting(event.target);
    if (!isOurs || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (room.press(event.key)) event.preventDefault();
  });
}
