/** Tables that are wider than their box: which side goes on is marked at the edge, and said below. */

const BOXES = ".q-sheet-box, .q-table-scroll";

export class Edges {
  readonly #observer = new ResizeObserver((entries) => entries.forEach(({ target }) => mark(target)));

  constructor(readonly root: HTMLElement) {}

  connect(): void {
    // Scrolling does not bubble; folded tables have no size before they are unfolded.
    this.root.addEventListener("scroll", this.#onScroll, { capture: true, passive: true });
  }

  disconnect(): void {
    this.root.removeEventListener("scroll", this.#onScroll, { capture: true });
    this.#observer.disconnect();
  }

  /** Watches the boxes that the page has now. */
  look(): void {
    this.#observer.disconnect();
    for (const box of this.root.querySelectorAll(BOXES)) {
      this.#observer.observe(box);
      mark(box);
    }
  }

  readonly #onScroll = (event: Event): void => {
    if (event.target instanceof Element && event.target.matches(BOXES)) {
      mark(event.target);
    }
  };
}

function mark(box: Element): void {
  const beyond = Math.round(box.scrollWidth - box.clientWidth - box.scrollLeft);
  const sides = [box.scrollLeft > 1 ? "start" : "", beyond > 1 ? "end" : ""].filter(Boolean);
  if (sides.length > 0) {
    box.setAttribute("data-q-more", sides.join(" "));
  } else {
    box.removeAttribute("data-q-more");
  }
  const note = box.nextElementSibling;
  if (note instanceof HTMLElement && "qMoreNote" in note.dataset) {
    note.hidden = sides.length === 0;
  }
}
