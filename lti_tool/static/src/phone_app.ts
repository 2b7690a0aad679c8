/** What all views of the app stand on: where they are, what they may do, how they say something in passing. */
import { button, h } from "./phone_dom";
import type { Phone } from "./phone_model";
import { StoreFullError } from "./phone_store";
import type { Sender } from "./phone_sending";
import { _ } from "./phone_words";

const TOAST_MS = 10_000;
/** The second tap of a double tap is not meant for what appeared under the thumb. */
const DOUBLE_TAP_MS = 500;

export interface View {
  readonly title: string;
  /** Where "back" leads; empty on the first page. */
  readonly back: string;
  readonly body: HTMLElement;
  /** Draws anew what has changed outside of the view; none where the view keeps itself. */
  readonly refresh?: () => HTMLElement;
}

export interface App {
  readonly phone: Phone;
  readonly sender: Sender;
  /** Whether the phone keeps the app itself, so that it opens without a network. */
  readonly isKept: boolean;
  /** Goes to a view; with `isNew` it is drawn even where it is the one that is shown. */
  go(address: string, isNew?: boolean): void;
  redraw(): void;
  useLanguage(tag: string): void;
  say(words: string, action?: { label: string; press: () => void }): void;
}

/** Says something for ten seconds, with something that can be done about it. */
export class Toasts {
  readonly place = h("div", { class: "q-phone-toast", role: "status" });
  #timer = 0;

  clear(): void {
    this.place.replaceChildren();
  }

  say(words: string, action?: { label: string; press: () => void }): void {
    clearTimeout(this.#timer);
    const clear = (): void => this.clear();
    const pressed = (): void => {
      clear();
      action?.press();
    };
    const press = action ? button(action.label, pressed, "", { "data-undo": true, disabled: true }) : button(_("Close"), clear, "quiet");
    window.setTimeout(() => {
      press.disabled = false;
    }, DOUBLE_TAP_MS);
    this.place.replaceChildren(h("div", { class: "q-phone-toast-card" }, h("span", {}, words), press));
    this.#timer = window.setTimeout(clear, TOAST_MS);
  }
}

/** Does something that keeps something, and says so where the phone has no room for it. */
export async function keeping(app: App, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    app.say(
      error instanceof StoreFullError
        ? _("This phone has no room left, so this was not kept. Free some room, or send what waits, and try again.")
        : _("This could not be kept on the phone. Try again."),
    );
    return false;
  }
}

/** Returns the address of the view of learners at a task. */
export function addressOf(task: string, learners: readonly string[] = [], replaces = ""): string {
  return ["#", task, learners.join("+"), replaces].filter(Boolean).map(encodeURIComponent).join("/").replace("%23", "#");
}
