import { Idiomorph } from "idiomorph";

import { Drafts, forget } from "./drafts";
import { Edges } from "./edges";
import { chooseRegion, isRegionClick, showChosenRegions } from "./hotspot";
import { enhanceOrdering, moveByButton, startDrag } from "./ordering";
import { addToken, send, type Reply } from "./sending";

/**
 * One activity on a page. The server's HTML works alone; this adds that a form is sent without a reload, that focus
 * goes where the news is, and that a lost connection loses nothing.
 */
export class QualoopActivity extends HTMLElement {
  #sending = false;
  readonly #drafts = new Drafts(this, () => this.dispatchEvent(new CustomEvent("qualoop-shown")));

  readonly #edges = new Edges(this);

  connectedCallback(): void {
    this.addEventListener("submit", this.#onSubmit);
    this.addEventListener("click", this.#onClick);
    this.addEventListener("change", this.#onChange);
    this.addEventListener("pointerdown", startDrag);
    this.#showCanonicalAddress();
    this.#drafts.connect();
    this.#edges.connect();
    this.#enhance();
    this.#drafts.restore();
  }

  disconnectedCallback(): void {
    this.removeEventListener("submit", this.#onSubmit);
    this.removeEventListener("click", this.#onClick);
    this.removeEventListener("change", this.#onChange);
    this.removeEventListener("pointerdown", startDrag);
    this.#drafts.disconnect();
    this.#edges.disconnect();
  }

  readonly #onSubmit = (event: SubmitEvent): void => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.method !== "post") {
      return;
    }
    if ("qPlain" in form.dataset) {
      addToken(form, this.dataset["csrfCookie"]);
    } else {
      event.preventDefault();
      void this.#submit(form, event.submitter);
    }
  };

  readonly #onClick = (event: MouseEvent): void => {
    if (event.detail > 1 && sendsAnswer(event.target)) {
      // The rest of a double click: the page may have changed in between, and this would be one more answer.
      event.preventDefault();
      return;
    }
    moveByButton(event);
    if (isRegionClick(event)) {
      chooseRegion(event, this);
    }
  };

  readonly #onChange = (): void => showChosenRegions(this);

  async #submit(form: HTMLFormElement, submitter: HTMLElement | null): Promise<void> {
    if (this.#sending) {
      return;
    }
    this.#setSending(true);
    this.#drafts.keep();
    const drafts = this.#drafts.keys();
    const reply = await send(form, submitter, this);
    this.#setSending(false);
    if (reply.kind === "fragment") {
      if (!reply.refused && !submitter?.hasAttribute("data-q-keeps")) {
        forget(drafts);
      }
      this.#show(reply, submitter?.dataset["qThen"] ?? form.dataset["qThen"]);
    } else {
      this.#showTrouble(reply.kind, form, submitter);
    }
  }

  #show(reply: Reply & { kind: "fragment" }, then: string | undefined): void {
    Idiomorph.morph(this, reply.element, { morphStyle: "outerHTML" });
    this.#enhance();
    this.dispatchEvent(new CustomEvent("qualoop-shown"));
    this.#drafts.restore();
    const refused = reply.refused ? this.querySelector<HTMLElement>("[data-q-refused]") : null;
    const news = then ? this.querySelector<HTMLElement>(`#${CSS.escape(then)}`) : null;
    focusOn(refused ?? news ?? this.querySelector<HTMLElement>("[data-q-start]"));
  }

  /** Buttons keep the focus while a form is on its way, so they are marked, not disabled; `#sending` holds them. */
  #setSending(sending: boolean): void {
    this.#sending = sending;
    this.toggleAttribute("data-sending", sending);
    this.setAttribute("aria-busy", String(sending));
    for (const button of this.querySelectorAll<HTMLButtonElement>("button:not([type=button])")) {
      if (sending) {
        button.setAttribute("aria-disabled", "true");
      } else {
        button.removeAttribute("aria-disabled");
      }
    }
  }

  #showTrouble(kind: "network" | "session", form: HTMLFormElement, submitter: HTMLElement | null): void {
    const words = this.querySelector<HTMLTemplateElement>(`template[data-q-trouble=${kind}]`);
    const place = this.querySelector<HTMLElement>("[data-q-trouble-place]");
    if (!words || !place) {
      return;
    }
    place.replaceChildren(words.content.cloneNode(true));
    const again = place.querySelector<HTMLButtonElement>("button");
    again?.addEventListener("click", () => {
      place.replaceChildren();
      void this.#submit(form, submitter);
    });
    focusOn(again ?? place);
  }

  #showCanonicalAddress(): void {
    const address = this.dataset["canonicalUrl"];
    if (address && new URL(address, location.href).origin === location.origin) {
      history.replaceState(history.state, "", address);
    }
  }

  #enhance(): void {
    for (const list of this.querySelectorAll<HTMLOListElement>("[data-q-order]:not([data-q-enhanced])")) {
      enhanceOrdering(list);
    }
    showChosenRegions(this);
    this.#edges.look();
  }
}

function sendsAnswer(target: EventTarget | null): boolean {
  const button = target instanceof Element ? target.closest<HTMLButtonElement>("button") : null;
  return button?.type === "submit" && button.form?.method === "post";
}

function focusOn(element: HTMLElement | null): void {
  element?.focus({ preventScroll: true });
  element?.scrollIntoView({ block: "nearest" });
}
