/** What both pages that speak to the platform have: what the server wrote for them, and how they say that it failed. */

export class StoragePage {
  readonly #place: HTMLElement;
  readonly #said: DOMStringMap;

  constructor(place: HTMLElement) {
    this.#place = place;
    this.#said = { ...place.dataset };
    // Nothing else needs them, and a secret is best not left lying about.
    for (const name of Object.keys(this.#said)) {
      delete place.dataset[name];
    }
  }

  static find(): StoragePage | null {
    const place = document.querySelector<HTMLElement>("[data-q-storage]");
    return place && new StoragePage(place);
  }

  said(name: string): string {
    return this.#said[name] ?? "";
  }

  fail(reason: string): void {
    this.#place.querySelector<HTMLElement>("[data-q-wait]")?.remove();
    const words = this.#place.querySelector<HTMLElement>(`[data-q-reason=${reason}]`);
    const failed = this.#place.querySelector<HTMLElement>("[data-q-failed]");
    if (words) {
      words.hidden = false;
    }
    if (failed) {
      failed.hidden = false;
      failed.focus();
    }
  }
}
