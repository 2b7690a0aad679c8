/** Beside observing: language, installing, forgetting; and what is said where there is nothing to observe. */
import { keeping, type App, type View } from "./phone_app";
import { button, confirmed, h, icon, notice } from "./phone_dom";
import type { Phone } from "./phone_model";
import { exportUnsent, leaving, saveUnsent } from "./phone_sent";
import { installing, persisting } from "./phone_tips";
import { LANGUAGES, _, language } from "./phone_words";

const INVITATION = /\/observe\/([\w-]{16,})/;

export function moreView(app: App): View {
  const draw = (): HTMLElement => {
    const { phone } = app;
    const left = phone.unsent().length + phone.drafts.size;
    return h("div", { class: "q-stack-wide" },
      h("header", { class: "q-phone-who" }, h("h1", { tabindex: -1, id: "phone-title" }, _("This phone"))),
      h("section", { class: "q-stack", "aria-labelledby": "phone-language" }, h("h2", { id: "phone-language" }, _("Language")), languages(app)),
      h("section", { class: "q-stack", "aria-labelledby": "phone-safe" }, h("h2", { id: "phone-safe" }, _("Without a network")), persisting(app), installing(app),
        h("p", { class: "q-small q-muted" }, _("What you finish is signed on this phone and kept until the server has it."))),
      h("section", { class: "q-stack q-keys", "aria-labelledby": "phone-keys" }, h("h2", { id: "phone-keys" }, _("Keyboard")),
        h("p", { class: "q-small" }, _("In a row, 1 to 9 choose its level and go on to the next row; the arrows change the level."))),
      h("section", { class: "q-stack", "aria-labelledby": "phone-leave" }, h("h2", { id: "phone-leave" }, _("Forget this phone")),
        h("p", { class: "q-small" }, _("Takes the names, the observations and the key from this phone. What the server has stays there. To observe again you need a new link.")),
        left > 0 && notice("partly", h("p", {}, _("Not sent or not finished: {count}. They would be lost; save them as a file first.", { count: left })), h("div", {}, button(_("Save as a file"), () => void exportUnsent(app), "", { id: "phone-export" }))),
        h("div", {}, button(_("Forget this phone"), () => void forget(app, left), "", { id: "phone-forget" }))));
  };
  return { title: _("This phone"), back: "#", body: draw(), refresh: draw };
}

/** Returns the choice of the language, each in its own words. */
export function languages(app: App): HTMLElement {
  const choose = (tag: string) => (): void => app.useLanguage(tag);
  return h("div", { class: "q-phone-buttons", role: "group", "aria-label": _("Language") },
    ...Object.entries(LANGUAGES).map(([tag, name]) => button(name, choose(tag), "", { lang: tag, id: `phone-language-${tag}`, "aria-pressed": String(tag === language()) })));
}

async function forget(app: App, left: number): Promise<void> {
  const words = left > 0 ? _("Not sent or not finished: {count}. They would be lost.", { count: left }) : _("Everything was sent. Nothing is lost.");
  if (!(await confirmed(_("Forget this phone?"), [h("p", {}, words)], _("Forget"), _("Go back")))) return;
  if (!(await keeping(app, () => app.sender.forget(true)))) return;
  app.sender.trouble = "unknown";
  app.go("#");
  app.redraw();
}

/** What is shown where there is no course on this phone: because it comes, because it cannot, because it is over. */
export function emptyView(app: App): View {
  const draw = (): HTMLElement => h("div", { class: "q-stack-wide" }, reason(app), languages(app));
  return { title: "Qualoop", back: "", body: draw(), refresh: draw };
}

function reason(app: App): HTMLElement {
  const { sender } = app;
  const again = h("div", {}, button(_("Try again"), () => void sender.now(true), "primary", { id: "phone-again" }));
  const title = (words: string): HTMLElement => h("h1", { class: "q-notice-title", tabindex: -1, id: "phone-title" }, words);
  if (sender.trouble === "offline") {
    return notice("partly", title(_("No network yet")), h("p", {}, _("The first time, this phone fetches the course. Connect it once; afterwards it works without.")), again);
  }
  if (sender.trouble === "server") return notice("bad", title(_("The server did not answer as it should")), h("p", {}, _("Try again in a minute.")), again);
  if (sender.trouble === "ended") return notice("", title(_("This invitation has ended")), h("p", {}, _("Everything was sent, and nothing is left on this phone. If you are to go on observing, ask for a new link.")), linkForm(app));
  if (sender.trouble === "unknown") return notice("", title(_("Open your invitation")), h("p", {}, _("This phone has no invitation yet. Open the link that you were sent, or paste it here.")), linkForm(app));
  if (sender.trouble === "key") return notice("bad", title(_("This phone lost its key")), h("p", {}, _("The browser cleared what this page had kept. What was sent is safe. Open the link that you were sent once more, or paste it here.")), linkForm(app));
  return notice("", title(_("Getting this phone ready …")), h("p", {}, _("The names, the tasks and the rubrics are fetched, so that you can work without a network.")), !sender.isSending && again);
}

/** The app on an iPhone's home screen has cookies of its own, so that the link has to be opened inside it. */
function linkForm(app: App): HTMLElement {
  const wrong = h("p", { class: "q-error", role: "alert", id: "phone-link-wrong", hidden: true });
  const field = h("input", { class: "q-input", id: "phone-link", inputmode: "url", autocomplete: "off", spellcheck: "false", "aria-describedby": wrong.id });
  const open = async (): Promise<void> => {
    const token = INVITATION.exec(field.value)?.[1];
    wrong.hidden = true;
    if (token && (await app.sender.join(token))) return;
    wrong.textContent = token ? _("This link is not good any more, or there is no network. Ask who invited you for a new one.") : _("This is no invitation. Copy the whole link from the message.");
    wrong.hidden = false;
    field.focus();
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    void open();
  };
  return h("form", { class: "q-stack", submit }, h("label", { class: "q-label", for: field.id }, _("Link of your invitation")), field, wrong,
    h("div", {}, h("button", { class: "q-button q-button-primary" }, _("Open"))));
}

/** Shown in the place of everything while what is kept here cannot go to the server that answers. */
export function stoppedView(app: App): View | null {
  const { phone, sender } = app;
  const of = (title: string, why: string): View => {
    const draw = (): HTMLElement => leaving(app, title, why);
    return { title, back: "", body: draw(), refresh: draw };
  };
  if (phone.isForeign) return of(_("This phone holds observations of another invitation"), _("You opened a new invitation. What was not sent of the old one cannot be sent with the new one."));
  if (phone.notes.hasEnded && sender.trouble === "ended") return of(_("This invitation has ended"), _("The server takes no more from this phone."));
  if (phone.device && sender.trouble === "unknown") return of(_("This phone was taken off"), _("The server does not know this phone any more: staff of the course took it off, or its cookies were cleared."));
  const isLeft = phone.unsent().length > 0 || phone.drafts.size > 0;
  if (isLeft && sender.trouble === "key") return of(_("This phone lost its key"), _("The server knows another key of this phone, so it cannot take what is here."));
  return null;
}

/** Said where the app itself went wrong: what it keeps can still be saved. */
export function brokenView(phone: Phone | null): HTMLElement {
  const saved = h("p", { role: "status" });
  const save = async (): Promise<void> => {
    if (phone) await saveUnsent(phone);
    saved.textContent = _("Saved as a file. Give it to who invited you.");
  };
  const again = (): void => {
    history.replaceState(null, "", location.pathname);
    location.reload();
  };
  const hasUnsent = phone !== null && (phone.unsent().length > 0 || phone.drafts.size > 0);
  return notice("bad",
    h("h1", { class: "q-notice-title", tabindex: -1, id: "phone-title" }, _("This page went wrong")),
    h("p", {}, _("What you saved is still on this phone.")),
    h("div", { class: "q-phone-buttons" },
      button(_("Try again"), again, "primary", { id: "phone-again" }),
      hasUnsent && button(_("Save as a file"), () => void save(), "", { id: "phone-export" })),
    saved);
}

/** Said over everything where two tabs would write over each other. */
export function otherTabView(takeOver: () => void): HTMLElement {
  return notice("partly",
    h("h1", { class: "q-notice-title", tabindex: -1, id: "phone-title" }, icon("person"), " ", _("Open in another tab")),
    h("p", {}, _("Only one tab works at a time, so that nothing is written over. What you did there is kept.")),
    h("div", {}, button(_("Go on here"), takeOver, "primary", { id: "phone-take-over" })));
}
