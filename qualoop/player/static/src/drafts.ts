/**
 * What is typed into a form and was not sent yet, kept by the browser for this tab: so that another language, a reload or
 * a step back loses nothing. It is the tab's own storage, which ends with the tab, since computers are shared.
 *
 * A form that wants it carries `data-q-draft`, a key; with `data-q-unsaved` its fields hold what was refused, and what
 * stands in them is not what the server keeps. A form's `[data-q-restored]` says that something was put back, and its
 * `[data-q-discard]` takes that back.
 */

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/** `sent` says that the form was on its way to the server when this was kept. */
interface Kept {
  readonly at: number;
  readonly sent: boolean;
  readonly typed: Readonly<Record<string, string>>;
}

const PREFIX = "qualoop-draft ";
const LONGEST_MS = 12 * 3_600_000;
const PAUSE_MS = 250;
const CHANGING = ["input", "change", "click", "paste", "keyup"];

export class Drafts {
  #timer = 0;
  readonly #sent = new Set<string>();

  /** `begin` is called whenever fields were changed here: by what was kept, or back to what the server keeps. */
  constructor(
    readonly root: HTMLElement,
    readonly begin: (restored: boolean) => void = () => undefined,
  ) {}

  connect(): void {
    for (const type of CHANGING) {
      this.root.addEventListener(type, this.#soon);
    }
    this.root.addEventListener("click", this.#onClick);
    this.root.addEventListener("submit", this.#onSubmit);
    window.addEventListener("pagehide", this.keep);
    window.addEventListener("beforeunload", this.#onLeave);
    sweep();
  }

  disconnect(): void {
    for (const type of CHANGING) {
      this.root.removeEventListener(type, this.#soon);
    }
    this.root.removeEventListener("click", this.#onClick);
    this.root.removeEventListener("submit", this.#onSubmit);
    window.removeEventListener("pagehide", this.keep);
    window.removeEventListener("beforeunload", this.#onLeave);
    clearTimeout(this.#timer);
  }

  /** Puts back what was typed and is not on the page; says so. */
  restore(): void {
    for (const form of this.#forms()) {
      const typed = read(keyOf(form))?.typed ?? {};
      const changed = controls(form).filter((control) => putBack(control, typed[nameOf(control)]));
      if (changed.length > 0) {
        this.#tell(form, true);
        this.begin(true);
      }
    }
  }

  readonly keep = (): void => {
    clearTimeout(this.#timer);
    for (const form of this.#forms()) {
      write(keyOf(form), typedIn(form), this.#sent.has(keyOf(form)));
    }
  };

  /** The keys of the drafts on the page: what is taken by the server is then forgotten by them. */
  keys(): readonly string[] {
    return this.#forms().map(keyOf);
  }

  #forms(): HTMLFormElement[] {
    return [...this.root.querySelectorAll<HTMLFormElement>("form[data-q-draft]")];
  }

  readonly #soon = (): void => {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(this.keep, PAUSE_MS);
  };

  readonly #onSubmit = (event: SubmitEvent): void => {
    if (event.target instanceof HTMLFormElement && "qDraft" in event.target.dataset) {
      this.#sent.add(keyOf(event.target));
      this.keep();
    }
  };

  readonly #onClick = (event: Event): void => {
    const button = event.target instanceof Element ? event.target.closest("[data-q-discard]") : null;
    const form = button?.closest("form");
    if (!form) {
      return;
    }
    forget([keyOf(form)]);
    controls(form).forEach(reset);
    this.#tell(form, false);
    this.begin(false);
    const then = this.root.querySelector<HTMLElement>(`#${CSS.escape(form.dataset["qThen"] ?? "")}`);
    (then ?? form.querySelector<HTMLElement>("[data-q-cell], textarea"))?.focus();
  };

  #tell(form: HTMLFormElement, restored: boolean): void {
    const line = form.querySelector<HTMLElement>("[data-q-restored]");
    if (line) {
      line.hidden = !restored;
    }
  }

  /** Where nothing can be kept, the browser asks before the page is left. */
  readonly #onLeave = (event: BeforeUnloadEvent): void => {
    if (this.#forms().some((form) => Object.keys(typedIn(form)).length > 0) && !canKeep()) {
      event.preventDefault();
    }
  };
}

/** Forgets drafts that the server has taken. */
export function forget(keys: readonly string[]): void {
  for (const key of keys) {
    guarded(() => sessionStorage.removeItem(key));
  }
}

function keyOf(form: HTMLFormElement): string {
  const attempt = form.querySelector<HTMLInputElement>("input[name=attempt]")?.value ?? "";
  return `${PREFIX}${attempt} ${form.dataset["qDraft"] ?? ""}`;
}

function controls(form: HTMLFormElement): Control[] {
  return [...form.elements].filter((each): each is Control => {
    const isControl = each instanceof HTMLInputElement || each instanceof HTMLSelectElement || each instanceof HTMLTextAreaElement;
    return isControl && each.name !== "" && !["hidden", "file", "submit"].includes(each.type);
  });
}

/** A radio is kept by its own value, so that which of a group is picked is a text too. */
function nameOf(control: Control): string {
  return control.type === "radio" ? `${control.name}=${control.value}` : control.name;
}

function isBox(control: Control): control is HTMLInputElement {
  return control instanceof HTMLInputElement && (control.type === "checkbox" || control.type === "radio");
}

function textOf(control: Control): string {
  return isBox(control) ? (control.checked ? "1" : "") : control.value;
}

/** What the server put into a field. */
function standing(control: Control): string {
  if (isBox(control)) {
    return control.defaultChecked ? "1" : "";
  }
  if (control instanceof HTMLSelectElement) {
    return ([...control.options].find((option) => option.defaultSelected) ?? control.options[0])?.value ?? "";
  }
  return control.defaultValue;
}

function put(control: Control, text: string): void {
  if (isBox(control)) {
    control.checked = text !== "";
  } else {
    control.value = text;
  }
}

function putBack(control: Control, text: string | undefined): boolean {
  if (text === undefined || text === textOf(control)) {
    return false;
  }
  if (control instanceof HTMLSelectElement && ![...control.options].some(({ value }) => value === text)) {
    return false;
  }
  put(control, text);
  const folded = control.closest("details");
  if (folded) {
    folded.open = true;
  }
  return true;
}

function reset(control: Control): void {
  put(control, standing(control));
}

/**
 * What differs from what the server keeps. Of a form that was refused that is what was kept of it before, or everything
 * where nothing was: its fields hold what was sent.
 */
function typedIn(form: HTMLFormElement): Record<string, string> {
  const isUnsaved = "qUnsaved" in form.dataset;
  const before = isUnsaved ? read(keyOf(form))?.typed : {};
  const typed = controls(form)
    .filter((control) => !before || nameOf(control) in before || textOf(control) !== standing(control))
    .map((control) => [nameOf(control), textOf(control)] as const);
  return Object.fromEntries(typed);
}

function write(key: string, typed: Readonly<Record<string, string>>, sent: boolean): void {
  if (Object.keys(typed).length === 0) {
    forget([key]);
  } else {
    const kept: Kept = { at: Date.now(), sent, typed };
    guarded(() => sessionStorage.setItem(key, JSON.stringify(kept)));
  }
}

function read(key: string): Kept | null {
  return guarded(() => JSON.parse(sessionStorage.getItem(key) ?? "null") as Kept | null) ?? null;
}

/** Forgets what was on its way, on a page that says that it arrived. */
export function forgetSent(): void {
  forget(keys().filter((key) => read(key)?.sent));
}

/** Nothing of yesterday is put back. */
function sweep(): void {
  const ages = keys().map((key) => [key, Date.now() - (read(key)?.at ?? 0)] as const);
  forget(ages.filter(([, age]) => age > LONGEST_MS || age < 0).map(([key]) => key));
}

function keys(): readonly string[] {
  return guarded(() => Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX))) ?? [];
}

function canKeep(): boolean {
  return (
    guarded(() => {
      sessionStorage.setItem(PREFIX, "");
      sessionStorage.removeItem(PREFIX);
      return true;
    }) ?? false
  );
}

/** A storage may be forbidden in a frame, or full. */
function guarded<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
