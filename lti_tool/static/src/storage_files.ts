/**
 * Pictures and recordings of a session that only a bearer proves: the browser would ask for them without it, so they are
 * fetched, kept in memory, and shown from there.
 */

const WITH_SOURCE = "img[src], source[src], track[src], audio[src], video[src]";
const WAITING = "qSource";

export class SessionFiles {
  readonly #load: (address: string) => Promise<Response>;
  readonly #shown = new Map<string, Promise<string>>();
  readonly #ready = new Map<string, string>();

  constructor(load: (address: string) => Promise<Response>) {
    this.#load = load;
  }

  /** Takes the addresses of the session's files out of a part of a page before the browser asks for them. */
  prepare(part: ParentNode, base: URL): void {
    for (const element of part.querySelectorAll<HTMLElement>(WITH_SOURCE)) {
      const address = new URL(element.getAttribute("src") ?? "", base);
      if (address.origin !== location.origin || !address.pathname.startsWith("/a/")) {
        continue;
      }
      const ready = this.#ready.get(address.pathname);
      if (ready) {
        element.setAttribute("src", ready);
      } else {
        element.removeAttribute("src");
        element.dataset[WAITING] = address.pathname;
      }
    }
  }

  /** Fetches what is still waited for on the page. */
  fill(): void {
    for (const element of document.querySelectorAll<HTMLElement>("[data-q-source]")) {
      void this.#fill(element, element.dataset[WAITING] ?? "");
    }
  }

  async #fill(element: HTMLElement, address: string): Promise<void> {
    delete element.dataset[WAITING];
    try {
      element.setAttribute("src", await this.#get(address));
    } catch {
      this.#shown.delete(address);
      return;
    }
    if (element.parentElement instanceof HTMLMediaElement) {
      element.parentElement.load();
    }
  }

  #get(address: string): Promise<string> {
    let shown = this.#shown.get(address);
    if (!shown) {
      shown = this.#fetch(address);
      this.#shown.set(address, shown);
    }
    return shown;
  }

  async #fetch(address: string): Promise<string> {
    const response = await this.#load(address);
    if (!response.ok) {
      throw new Error(`${response.status}`);
    }
    const made = URL.createObjectURL(await response.blob());
    this.#ready.set(address, made);
    return made;
  }
}

/** Has the browser save an answer, as it would have saved a download. */
export async function save(response: Response): Promise<void> {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = /filename="?([^";]+)/.exec(response.headers.get("Content-Disposition") ?? "")?.[1] ?? "";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), SAVED_AFTER_MS);
}

const SAVED_AFTER_MS = 60_000;
