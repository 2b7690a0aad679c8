/**
 * What a class block adds to `<qualoop-activity>`: a chosen file becomes a field of its form, and the code that is shown
 * in class and the figures beside it are asked for every few seconds, while anybody looks.
 */

const ASK_MS = 3000;
const LATE_MS = 400;

interface Live {
  readonly code: string;
  readonly ends_in_ms: number;
  readonly counts: Readonly<Record<string, number>>;
}

class LiveClass {
  #timer: number | undefined;

  constructor(private readonly root: HTMLElement) {}

  /** Ask now, and again when the code ends or some seconds later; stop once the block or its class is gone. */
  async ask(): Promise<void> {
    window.clearTimeout(this.#timer);
    const place = this.root.querySelector<HTMLElement>("[data-q-live]");
    if (!this.root.isConnected) {
      return;
    }
    let wait = ASK_MS;
    if (place && !document.hidden) {
      wait = Math.min(wait, await this.#show(place).catch(() => ASK_MS));
    }
    this.#timer = window.setTimeout(() => void this.ask(), wait);
  }

  async #show(place: HTMLElement): Promise<number> {
    const response = await fetch(place.dataset["qLive"] ?? "", { credentials: "same-origin" });
    if (!response.ok) {
      return ASK_MS;
    }
    const found = (await response.json()) as Live;
    const code = this.root.querySelector<HTMLElement>("[data-q-code]");
    if (code) {
      code.textContent = found.code;
    }
    for (const count of this.root.querySelectorAll<HTMLElement>("[data-q-count]")) {
      count.textContent = String(found.counts[count.dataset["qCount"] ?? ""] ?? 0);
    }
    return found.ends_in_ms + LATE_MS;
  }
}

const watched = new WeakSet<HTMLElement>();

function watch(): void {
  for (const root of document.querySelectorAll<HTMLElement>("qualoop-activity")) {
    if (root.querySelector("[data-q-live], [data-q-file-into]") && !watched.has(root)) {
      watched.add(root);
      const live = new LiveClass(root);
      document.addEventListener("visibilitychange", () => void live.ask());
      void live.ask();
    }
  }
}

/** A form is sent as fields, so a file goes as base64: its bytes, in whatever encoding a program wrote them. */
async function take(input: HTMLInputElement): Promise<void> {
  const field = document.getElementById(input.dataset["qFileInto"] ?? "");
  if (!(field instanceof HTMLInputElement)) {
    return;
  }
  const bytes = new Uint8Array((await input.files?.[0]?.arrayBuffer()) ?? new ArrayBuffer(0));
  let text = "";
  for (const byte of bytes) {
    text += String.fromCharCode(byte);
  }
  field.value = btoa(text);
}

document.addEventListener("change", (event) => {
  if (event.target instanceof HTMLInputElement && event.target.matches("qualoop-activity [data-q-file-into]")) {
    void take(event.target);
  }
});
// The player tells when a page was put in; blocks of a unit may come later than this script.
document.addEventListener("qualoop-reply", () => window.setTimeout(watch));
window.setTimeout(watch);
