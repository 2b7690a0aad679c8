/**
 * Several conversations at once, on the clock of their world: how much of the turn's time the chosen replies take, and
 * how long each person will have waited after it. The numbers come with the page; what is played, the server decides.
 */

export class QualoopChats extends HTMLElement {
  #activity: HTMLElement | null = null;

  connectedCallback(): void {
    this.addEventListener("change", this.#onChange);
    this.#activity = this.closest("qualoop-activity");
    this.#activity?.addEventListener("qualoop-shown", this.#onShown);
    this.#onShown();
  }

  disconnectedCallback(): void {
    this.removeEventListener("change", this.#onChange);
    this.#activity?.removeEventListener("qualoop-shown", this.#onShown);
  }

  /** The newest line is the one that is answered. */
  readonly #onShown = (): void => {
    for (const talk of this.querySelectorAll("[data-q-talk]")) {
      talk.scrollTop = talk.scrollHeight;
    }
    this.#onChange();
  };

  readonly #onChange = (): void => {
    const limit = Number(this.dataset["limit"] ?? "0");
    const clock = this.querySelector<HTMLElement>("[data-q-clock]");
    if (limit === 0 || !clock) {
      return;
    }
    const taken = [...this.querySelectorAll<HTMLElement>("[data-q-chat]")].map((chat) => [chat, secondsOf(chat)] as const);
    const used = taken.reduce((sum, [, seconds]) => sum + seconds, 0);
    clock.textContent = worded(this.dataset[used > limit ? "saidOver" : "saidUsed"], {
      count: used,
      limit,
      left: limit - used,
      over: used - limit,
    });
    clock.toggleAttribute("data-over", used > limit);
    for (const [chat, seconds] of taken) {
      this.#tellWait(chat, seconds > 0, limit);
    }
  };

  /** Who gets no answer in this turn waits as long as it takes. */
  #tellWait(chat: HTMLElement, isAnswered: boolean, limit: number): void {
    const said = this.querySelector<HTMLElement>(`[data-q-waits][data-q-of="${chat.dataset["qChat"] ?? ""}"]`);
    if (said) {
      const waited = Number(said.dataset["qWaits"] ?? "0");
      said.textContent = worded(this.dataset["saidWaits"], { count: waited, then: isAnswered ? 0 : waited + limit });
      said.toggleAttribute("data-answered", isAnswered);
    }
  }
}

function secondsOf(chat: HTMLElement): number {
  const picked = chat.querySelector<HTMLInputElement>("input[type=radio][data-q-seconds]:checked");
  return Number(picked?.dataset["qSeconds"] ?? "0");
}

function worded(words: string | undefined, places: Readonly<Record<string, number>>): string {
  return Object.entries(places).reduce((text, [name, number]) => text.replace(`{${name}}`, String(number)), words ?? "");
}
