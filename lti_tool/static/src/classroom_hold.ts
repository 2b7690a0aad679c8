/** Whether somebody is about to press something: what is pressed must not become something else under the finger. */
const STILL_MS = 1_000;
const CONTROLS = "a, button, input, label, select, summary, textarea";
const ENDS = ["pointerup", "pointercancel", "blur"];

export class Hold {
  readonly #host: HTMLElement;
  #isDown = false;
  /** When a pointer moved over a control last, or was lifted: the click comes only then. */
  #moved = Number.NEGATIVE_INFINITY;

  constructor(host: HTMLElement) {
    this.#host = host;
    host.addEventListener("pointerdown", this.#onDown);
    host.addEventListener("pointermove", this.#onMove);
    // A pointer may be lifted anywhere.
    for (const name of ENDS) window.addEventListener(name, this.#onEnd);
  }

  stop(): void {
    this.#host.removeEventListener("pointerdown", this.#onDown);
    this.#host.removeEventListener("pointermove", this.#onMove);
    for (const name of ENDS) window.removeEventListener(name, this.#onEnd);
  }

  get is(): boolean {
    return this.#isDown || performance.now() - this.#moved < STILL_MS || this.#isChoosing;
  }

  /** A list that is unfolded; where browsers do not tell, one that is focused. */
  get #isChoosing(): boolean {
    const list = document.activeElement;
    if (!(list instanceof HTMLSelectElement) || !this.#host.contains(list)) return false;
    return CSS.supports("selector(:open)") ? list.matches(":open") : true;
  }

  readonly #onDown = (): void => {
    this.#isDown = true;
  };

  readonly #onMove = (event: PointerEvent): void => {
    if (event.buttons === 0) this.#isDown = false;
    if (event.target instanceof Element && event.target.closest(CONTROLS)) this.#moved = performance.now();
  };

  readonly #onEnd = (): void => {
    if (this.#isDown) this.#moved = performance.now();
    this.#isDown = false;
  };
}
