/**
 * The form of a block in Studio: narrows the list, shows a preview, copies an activity into the block, saves.
 *
 * Studio calls `QualoopStudio(runtime, element)` once for each form that it opens; the element may come as jQuery's.
 */

interface StudioRuntime {
  notify?(name: string, data: object): void;
}

interface Urls {
  readonly save: string;
  readonly preview: string;
  readonly copy: string;
}

type Wrapped = Element | { readonly 0: Element };

class StudioForm {
  readonly #form: HTMLFormElement;
  readonly #urls: Urls;
  #asked = 0;

  constructor(
    private readonly runtime: StudioRuntime,
    private readonly root: Element,
    form: HTMLFormElement,
  ) {
    this.#form = form;
    this.#urls = JSON.parse(form.dataset["qUrls"] ?? "{}") as Urls;
    form.addEventListener("change", this.#onChange);
    form.addEventListener("submit", (event) => this.#act(event, () => this.#save()));
    this.#on(".save-button", () => this.#save());
    this.#on(".cancel-button", () => Promise.resolve(this.#notify("cancel", {})));
    this.#on("[data-q-copy]", () => this.#copy());
    void this.#preview();
  }

  #on(selector: string, action: () => Promise<void>): void {
    this.root.querySelector(selector)?.addEventListener("click", (event) => this.#act(event, action));
  }

  #act(event: Event, action: () => Promise<void>): void {
    event.preventDefault();
    action().catch(() => this.#complain([this.#form.dataset["qLost"] ?? ""], false));
  }

  readonly #onChange = (event: Event): void => {
    const changed = event.target as HTMLElement;
    if (changed.matches("[data-q-source]")) {
      this.#showParts();
    } else if (changed.matches("[data-q-filter]")) {
      this.#narrow();
    } else if (changed.matches("[data-q-activity]")) {
      void this.#preview();
    }
  };

  #all<Found extends HTMLElement>(selector: string): Found[] {
    return [...this.#form.querySelectorAll<Found>(selector)];
  }

  #chosen(kind: "source" | "activity"): string {
    return this.#form.querySelector<HTMLInputElement>(`[data-q-${kind}]:checked`)?.value ?? "";
  }

  #showParts(): void {
    for (const part of this.#all("[data-q-part]")) {
      part.hidden = part.dataset["qPart"] !== this.#chosen("source");
    }
  }

  #narrow(): void {
    const wanted = this.#all<HTMLSelectElement>("[data-q-filter]").filter((one) => one.value);
    const rows = this.#all("[data-q-choice]");
    for (const row of rows) {
      row.hidden = !wanted.every((one) => (row.dataset[one.dataset["qFilter"] ?? ""] ?? "").split(" ").includes(one.value));
    }
    for (const none of this.#all("[data-q-none]")) {
      none.hidden = rows.some((row) => !row.hidden);
    }
  }

  async #preview(): Promise<void> {
    const key = this.#chosen("activity");
    const place = this.#form.querySelector("[data-q-preview]");
    const asked = ++this.#asked;
    if (!key || !place) {
      return;
    }
    const response = await fetch(withSuffix(this.#urls.preview, key), { credentials: "same-origin" });
    // A later choice may have been answered first.
    if (asked === this.#asked && response.ok) {
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      place.replaceChildren(...page.body.childNodes);
    }
  }

  async #copy(): Promise<void> {
    const key = this.#chosen("activity");
    const place = this.#form.querySelector("[data-q-files]");
    const own = this.#form.querySelector<HTMLInputElement>("[data-q-source][value=own]");
    if (!key || !place || !own) {
      return;
    }
    const response = await fetch(withSuffix(this.#urls.copy, key), { credentials: "same-origin" });
    if (!response.ok) {
      throw new Error("not copied");
    }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    place.replaceChildren(...page.body.childNodes);
    own.checked = true;
    this.#showParts();
    place.querySelector("textarea")?.focus();
  }

  async #save(): Promise<void> {
    this.#notify("save", { state: "start", message: this.#form.dataset["qSaved"] });
    const response = await fetch(this.#urls.save, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", ...this.#token() },
      body: JSON.stringify({ values: this.#values(), defaults: [] }),
    });
    if (response.ok) {
      this.#complain([]);
      this.#notify("save", { state: "end" });
      return;
    }
    const said = (await response.json().catch(() => ({}))) as { messages?: string[]; error?: string };
    this.#complain(said.messages ?? [said.error ?? this.#form.dataset["qLost"] ?? ""]);
  }

  #values(): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    for (const field of this.#all<HTMLInputElement | HTMLSelectElement>("[data-q-field]")) {
      values[field.dataset["qField"] ?? ""] = typed(field.value, field.dataset["qType"] ?? "");
    }
    // The form of the map has nothing to choose between.
    if (this.#chosen("source")) {
      values["activity_key"] = this.#chosen("activity");
      values["files"] = this.#chosen("source") === "own" ? this.#files() : {};
    }
    return values;
  }

  #files(): Record<string, unknown> {
    const files: Record<string, unknown> = {};
    for (const area of this.#all<HTMLTextAreaElement>("[data-q-file]")) {
      files[area.dataset["qFile"] ?? ""] = area.dataset["qEncoding"] ? { base64: area.value } : area.value;
    }
    return files;
  }

  #token(): Record<string, string> {
    const start = `${this.#form.dataset["csrfCookie"] ?? "csrftoken"}=`;
    const found = document.cookie.split("; ").find((pair) => pair.startsWith(start));
    return found ? { "X-CSRFToken": decodeURIComponent(found.slice(start.length)) } : {};
  }

  /** Says what was refused, in the form and to Studio; an empty list takes what stood there away. */
  #complain(messages: readonly string[], tell = true): void {
    const place = this.#form.querySelector<HTMLElement>("[data-q-faults]");
    if (!place) {
      return;
    }
    place.hidden = messages.length === 0;
    const title = document.createElement("p");
    title.textContent = this.#form.dataset["qFailed"] ?? "";
    const list = document.createElement("ul");
    list.append(...messages.map((message) => Object.assign(document.createElement("li"), { textContent: message })));
    place.replaceChildren(title, list);
    if (messages.length) {
      place.focus();
      if (tell) {
        this.#notify("error", { title: this.#form.dataset["qFailed"], message: messages.join(" ") });
      }
    }
  }

  #notify(name: string, data: object): void {
    this.runtime.notify?.(name, data);
  }
}

function typed(value: string, type: string): unknown {
  const text = value.trim();
  if (type === "list") {
    return text.split(/[\s,，、;]+/).filter(Boolean);
  }
  return type === "number" ? text || null : value;
}

/** Put a suffix behind an address that may have a query. */
function withSuffix(address: string, suffix: string): string {
  const [path, query] = address.split("?", 2);
  return `${(path ?? "").replace(/\/$/, "")}/${encodeURIComponent(suffix)}${query ? `?${query}` : ""}`;
}

function QualoopStudio(runtime: StudioRuntime, element: Wrapped): void {
  const root = element instanceof Element ? element : element[0];
  const form = root.querySelector<HTMLFormElement>("form.q-studio");
  if (form) {
    new StudioForm(runtime, root, form);
  }
}

Object.assign(window, { QualoopStudio });
