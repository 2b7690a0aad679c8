/** What makes the phone ready for a room without a network, said once, and only what is not so yet. */
import type { App } from "./phone_app";
import { button, h, icon, notice } from "./phone_dom";
import { _ } from "./phone_words";

/** What Chromium offers a page that can be installed. */
interface InstallOffer extends Event {
  prompt(): Promise<unknown>;
}

let offer: InstallOffer | null = null;
let isPersistent: boolean | null = null;

export function watchInstalling(onChange: () => void): void {
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    offer = event as InstallOffer;
    onChange();
  });
  window.addEventListener("appinstalled", () => {
    offer = null;
    onChange();
  });
  void navigator.storage?.persisted?.().then((is) => {
    isPersistent = is;
    onChange();
  });
}

function isInstalled(): boolean {
  return matchMedia("(display-mode: standalone)").matches || (navigator as { standalone?: boolean }).standalone === true;
}

function isApple(): boolean {
  return /iPhone|iPad|iPod/.test(navigator.userAgent);
}

/** Returns the button that installs the app, or how to do it by hand; nothing where it is installed. */
export function installing(app: App): HTMLElement | null {
  if (isInstalled()) return null;
  const found = offer;
  if (found) {
    return button(_("Add to the home screen"), () => {
      offer = null;
      void found.prompt().finally(() => app.redraw());
    }, "", { id: "phone-install" });
  }
  const how = isApple()
    ? _("To put the app on the home screen: Share, then “Add to Home Screen”. There it asks for your invitation link once more.")
    : _("To put the app on the home screen, use the menu of the browser: “Add to home screen” or “Install”.");
  return h("p", { class: "q-small q-muted" }, how);
}

/** Returns the button that asks the browser not to clear what is kept here, with the reason; nothing where it will not. */
export function persisting(app: App): HTMLElement | null {
  if (isPersistent !== false || !navigator.storage?.persist) return null;
  const ask = async (): Promise<void> => {
    isPersistent = await navigator.storage.persist();
    app.say(isPersistent
      ? _("The browser keeps your observations until they are sent.")
      : _("The browser did not promise it. Send as soon as there is a network."));
    if (!isPersistent) isPersistent = null;
    app.redraw();
  };
  return h("div", { class: "q-stack" },
    h("p", {}, _("A phone that runs out of room may clear what waits to be sent. Ask it not to.")),
    h("div", {}, button(_("Protect my observations"), () => void ask(), "", { id: "phone-persist" })));
}

/** Returns the card that greets whoever opens the app for the first time. */
export function tipsOf(app: App): HTMLElement | null {
  const { phone } = app;
  if (phone.notes.hidesTips) return null;
  const hide = (): void => void phone.note({ hidesTips: true }).then(() => app.redraw());
  const title = app.isKept
    ? [icon("done"), " ", _("Ready. This works without a network.")]
    : [_("Keep this page open for a moment: it is not ready for working without a network yet.")];
  return notice(app.isKept ? "good" : "partly",
    h("p", { class: "q-notice-title", id: "phone-ready", "data-kept": app.isKept }, ...title),
    h("ol", { class: "q-phone-steps" },
      h("li", {}, _("Choose what you observe, then whom.")),
      h("li", {}, _("Tap a level in each row, and press “Done”.")),
      h("li", {}, _("It is sent by itself as soon as there is a network."))),
    persisting(app),
    installing(app),
    h("div", {}, button(_("Got it"), hide, "primary", { id: "phone-got-it" })));
}
