/**
 * Makes what a projector shows fit it, whatever is asked: text smaller down to a floor that the last row can read, then
 * two columns, then pages that turn by themselves until somebody turns them.
 */

/** Sizes of text as shares of the screen's height. */
interface Sizes {
  readonly floor: number;
  readonly most: number;
}

const BOXES: Readonly<Record<string, Sizes>> = {
  head: { floor: 0.026, most: 0.036 },
  side: { floor: 0.025, most: 0.032 },
  words: { floor: 0.03, most: 0.048 },
  stage: { floor: 0.032, most: 0.05 },
};
const STAGE = "stage";
const TURN_MS = 12_000;
const WIDE = "(min-width: 48rem) and (min-height: 30rem)";
/** Two columns are worth it from this many times larger a text. */
const WORTH = 1.08;
const ROUGHLY = 0.25;

function holds(box: HTMLElement): boolean {
  // A fraction of a pixel is no overflow: both are rounded, each its own way.
  return box.scrollHeight <= box.clientHeight + 1 && box.scrollWidth <= box.clientWidth + 1;
}

/** Fits the boxes of a screen that are marked with `data-q-fit`, again and again as it or its content changes. */
export class Fitting {
  readonly #host: HTMLElement;
  readonly #watch: ResizeObserver;
  readonly #wide = matchMedia(WIDE);
  readonly #bar: HTMLElement | null;
  #asked = "";
  #page = 0;
  #pages = 1;
  #timer = 0;

  constructor(host: HTMLElement) {
    this.#host = host;
    this.#bar = document.querySelector<HTMLElement>("[data-q-pages]");
    this.#watch = new ResizeObserver(() => this.fit());
    this.#watch.observe(host);
    // A picture has its height only once it is there.
    host.addEventListener("load", this.#onLoad, true);
    this.#bar?.addEventListener("click", this.#onClick);
  }

  stop(): void {
    this.#watch.disconnect();
    clearInterval(this.#timer);
    this.#host.removeEventListener("load", this.#onLoad, true);
    this.#bar?.removeEventListener("click", this.#onClick);
  }

  fit(): void {
    for (const [name, sizes] of Object.entries(BOXES)) {
      const box = this.#box(name);
      if (!box || !this.#wide.matches) this.#host.style.removeProperty(`--q-${name}`);
      else if (name === STAGE) this.#fitStage(box, sizes);
      else this.#grow(box, name, sizes);
    }
    if (!this.#box(STAGE) || !this.#wide.matches) this.#inOne();
  }

  #box(name: string): HTMLElement | null {
    return this.#host.querySelector<HTMLElement>(`[data-q-fit="${name}"]`);
  }

  /** Gives a box the largest text with which it holds everything; returns it in pixels, 0 where not even the floor does. */
  #grow(box: HTMLElement, name: string, sizes: Sizes): number {
    const height = window.innerHeight;
    const holdsAt = (size: number): boolean => {
      this.#host.style.setProperty(`--q-${name}`, `${size}px`);
      return holds(box);
    };
    let [low, high] = [sizes.floor * height, sizes.most * height];
    if (holdsAt(high)) return high;
    if (!holdsAt(low)) return 0;
    while (high - low > ROUGHLY) {
      const middle = (low + high) / 2;
      if (holdsAt(middle)) low = middle;
      else high = middle;
    }
    holdsAt(low);
    return low;
  }

  #fitStage(box: HTMLElement, sizes: Sizes): void {
    this.#inOne();
    const one = this.#grow(box, STAGE, sizes);
    if (one === sizes.most * window.innerHeight) return;
    this.#host.dataset["columns"] = "2";
    const two = this.#grow(box, STAGE, sizes);
    if (two && two > one * WORTH) return;
    delete this.#host.dataset["columns"];
    if (one) this.#grow(box, STAGE, sizes);
    else this.#inPages(box);
  }

  #inOne(): void {
    delete this.#host.dataset["columns"];
    delete this.#host.dataset["paged"];
    this.#pages = 1;
    if (this.#bar) this.#bar.hidden = true;
  }

  /** Lays a box out in columns of its own width, of which it shows one: a page. */
  #inPages(box: HTMLElement): void {
    this.#host.dataset["paged"] = "";
    if (this.#bar) this.#bar.hidden = false;
    this.#pages = Math.max(1, Math.round(box.scrollWidth / this.#step(box)));
    if (this.#asked !== (box.dataset["asked"] ?? "")) {
      this.#asked = box.dataset["asked"] ?? "";
      this.#page = 0;
      this.#turnAlone(true);
    }
    this.#show(this.#page);
  }

  #step(box: HTMLElement): number {
    return box.clientWidth + (parseFloat(getComputedStyle(box).columnGap) || 0);
  }

  #show(page: number): void {
    const box = this.#box(STAGE);
    if (!box) return;
    this.#page = ((page % this.#pages) + this.#pages) % this.#pages;
    box.scrollLeft = this.#page * this.#step(box);
    const place = this.#bar?.querySelector("[data-q-page]");
    if (place) place.textContent = `${this.#page + 1} / ${this.#pages}`;
  }

  #turnAlone(is: boolean): void {
    clearInterval(this.#timer);
    this.#timer = is ? window.setInterval(() => this.#pages > 1 && this.#show(this.#page + 1), TURN_MS) : 0;
    this.#bar?.querySelector("[data-q-turn='0']")?.setAttribute("aria-pressed", String(!is));
  }

  readonly #onLoad = (): void => this.fit();

  readonly #onClick = (event: Event): void => {
    const pressed = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-q-turn]") : null;
    if (!pressed) return;
    const by = Number(pressed.dataset["qTurn"]);
    this.#turnAlone(by === 0 && !this.#timer);
    if (by) this.#show(this.#page + by);
  };
}
