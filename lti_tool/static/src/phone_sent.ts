/** What became of each observation: waits here, is recorded, needs a person; and the file of what could not be sent. */
import { addressOf, keeping, type App, type View } from "./phone_app";
import { button, confirmed, h, icon, notice } from "./phone_dom";
import { base64 } from "./phone_keys";
import type { Phone } from "./phone_model";
import type { Capture, Draft, Outcome } from "./phone_types";
import { _, listOf, moment, textOf } from "./phone_words";

const FORMAT = "qualoop-observations-1";

export function sentView(app: App): View {
  const draw = (): HTMLElement => {
    const { phone } = app;
    const all = phone.inOrder().reverse();
    const needs = all.filter(needsPerson);
    const waiting = phone.waiting().reverse();
    const sent = all.filter((each) => !needs.includes(each) && !waiting.includes(each));
    return h("div", { class: "q-stack-wide" },
      h("header", { class: "q-phone-who" }, h("h1", { tabindex: -1, id: "phone-title" }, _("My observations"))),
      h("div", { class: "q-phone-buttons" },
        button(app.sender.isSending ? _("Sending …") : _("Send now"), () => void app.sender.now(true), "primary", { id: "phone-send" }),
        phone.unsent().length > 0 && button(_("Save as a file"), () => void exportUnsent(app), "", { id: "phone-export" })),
      all.length === 0 && h("p", { class: "q-muted" }, _("You have not finished an observation on this phone yet.")),
      section(app, "phone-needs", _("Need a person"), needs),
      section(app, "phone-waits", _("Waiting on this phone"), waiting.filter((each) => !needs.includes(each))),
      section(app, "phone-done", _("Sent"), sent),
      elsewhere(app));
  };
  return { title: _("My observations"), back: "#", body: draw(), refresh: draw };
}

export function needsPerson(capture: Capture): boolean {
  return capture.state === "kept" || capture.state === "refused" || hasRefused(capture);
}

/** Whether the server will not take something of it as it is. */
function hasRefused(capture: Capture): boolean {
  return capture.state === "refused" || (capture.refusedPhotos ?? []).length > 0;
}

function section(app: App, id: string, title: string, captures: readonly Capture[]): HTMLElement | null {
  if (captures.length === 0) return null;
  return h("section", { class: "q-stack", "aria-labelledby": id },
    h("h2", { id }, `${title} (${captures.length})`),
    h("ul", { class: "q-list q-phone-list" }, ...captures.map((each) => h("li", {}, captureCard(app, each)))));
}

function captureCard(app: App, capture: Capture): HTMLElement {
  const { draft } = capture;
  const isLatest = ![...app.phone.captures.values()].some((each) => each.draft.replaces === capture.id);
  const address = addressOf(draft.task, draft.learners, capture.id);
  const could = app.phone.pack?.tasks.some((task) => task.key === draft.task && !task.beyond) ?? false;
  return h("div", { class: "q-phone-card", "data-state": capture.state, "data-capture": capture.id },
    h("span", { class: "q-phone-card-title" }, listOf(draft.names)),
    h("span", { class: "q-small q-muted" }, `${textOf(draft.title)} · ${moment(capture.madeAt)}`),
    (capture.state === "kept" || capture.state === "refused" || capture.code !== "") && h("p", { class: "q-small" }, capture.message || reasonOf(capture)),
    capture.photos.length > 0 && capture.state !== "waiting" && h("p", { class: "q-small" }, _("Photos that are still here: {count}", { count: capture.photos.length }), capture.photoMessage ? ` ${capture.photoMessage}` : ""),
    h("div", { class: "q-phone-became" },
      h("span", { class: "q-phone-standing" }, badge(capture), !isLatest && h("span", { class: "q-badge" }, _("corrected since"))),
      hasRefused(capture) && button(_("Try again"), () => void tryAgain(app, capture), "", { class: "q-button q-phone-small", id: `again-${capture.id}` }),
      isLatest && could && capture.tried && capture.state !== "refused" && h("a", { class: "q-button q-phone-small", href: address, id: `correct-${capture.id}` }, _("Correct")),
      isLatest && !capture.tried && button(_("Take back"), () => void takeBack(app, capture), "", { class: "q-button q-phone-small", id: `take-back-${capture.id}` })));
}

async function takeBack(app: App, capture: Capture): Promise<void> {
  await keeping(app, async () => {
    if (await app.phone.undo(capture)) app.go(addressOf(capture.draft.task, capture.draft.learners, capture.draft.replaces ?? ""));
  });
}

async function tryAgain(app: App, capture: Capture): Promise<void> {
  await keeping(app, () => app.phone.retry(capture));
  void app.sender.now(true);
}

function badge(capture: Capture): HTMLElement {
  const words = { waiting: _("waits here"), recorded: _("recorded"), kept: _("the course decides"), refused: _("not taken") };
  const tones = { waiting: null, recorded: "good", kept: "partly", refused: "bad" };
  return h("span", { class: "q-badge", "data-tone": tones[capture.state] }, words[capture.state]);
}

function reasonOf(capture: Capture): string {
  return capture.state === "kept"
    ? _("The server has it. Staff of the course look at it before it counts.")
    : _("The server could not take it. It stays on this phone: save it as a file and give it to who invited you.");
}

/** What the same assessor did on other phones: to be seen, and to be corrected there. */
function elsewhere(app: App): HTMLElement | null {
  const others = app.phone.outcomes.filter((each) => !app.phone.captures.has(each.id));
  if (others.length === 0 || !app.phone.pack) return null;
  const { learners, tasks } = app.phone.pack;
  const nameOf = (each: Outcome): string =>
    listOf((each.team?.length ? each.team : [each.learner]).map((uuid) => learners.find((learner) => learner.uuid === uuid)?.name ?? _("somebody who left")));
  const rows = others.map((each) => h("li", { class: "q-phone-card" },
    h("span", { class: "q-phone-card-title" }, nameOf(each)),
    h("span", { class: "q-small q-muted" }, [textOf(tasks.find((task) => task.key === each.task)?.title), each.made_at ? moment(Date.parse(each.made_at)) : ""].filter(Boolean).join(" · ")),
    each.message ? h("p", { class: "q-small" }, each.message) : null));
  return h("details", { class: "q-disclosure", id: "phone-elsewhere" }, h("summary", {}, _("From your other phones ({count})", { count: others.length })), h("ul", { class: "q-list q-phone-list" }, ...rows));
}

/** Saves everything of which the server has not all: signed captures, their photos, and what was not finished. */
export async function exportUnsent(app: App): Promise<void> {
  const isSaved = await keeping(app, () => saveUnsent(app.phone));
  app.redraw();
  if (isSaved) app.say(_("Saved as a file. Give it to who invited you."));
}

/** Saves the file; it needs nothing of the app but what the phone keeps. */
export async function saveUnsent(phone: Phone): Promise<void> {
  const unsent = phone.unsent();
  const drafts = [...phone.drafts.values()];
  const names = new Set([...unsent, ...drafts].flatMap((each) => each.photos));
  const photos = [];
  for (const name of names) {
    const photo = await phone.photo(name);
    if (photo) photos.push({ sha256: name, type: photo.blob.type, data: base64(new Uint8Array(await photo.blob.arrayBuffer())) });
  }
  const content = {
    format: FORMAT,
    device: phone.device?.uuid ?? "",
    exported_at: new Date().toISOString(),
    captures: unsent.map((each) => each.jws),
    photos,
    drafts,
  };
  const address = URL.createObjectURL(new Blob([JSON.stringify(content)], { type: "application/json" }));
  const link = h("a", { href: address, download: `qualoop-observations-${new Date().toISOString().slice(0, 10)}.json` });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  for (const each of [...unsent, ...drafts]) phone.exported.add(stampOf(each));
}

/** Returns what stands for something in a file; a draft that was changed since is another thing. */
function stampOf(each: Capture | Draft): string {
  return "changedAt" in each ? `${each.id} ${each.changedAt}` : each.id;
}

function isAllSaved(phone: Phone): boolean {
  return [...phone.unsent(), ...phone.drafts.values()].every((each) => phone.exported.has(stampOf(each)));
}

/** What is left where the server takes nothing from this phone any more: a file, then forgetting. */
export function leaving(app: App, title: string, why: string): HTMLElement {
  const { phone } = app;
  const unsent = phone.unsent();
  const isEmpty = unsent.length === 0 && phone.drafts.size === 0;
  const save = button(_("Save as a file"), () => void exportUnsent(app), "primary", { id: "phone-export" });
  const forgetting = button(_("Forget this phone"), () => void forgetSaved(app), "", { id: "phone-forget", disabled: !isAllSaved(phone) });
  return notice(isEmpty ? "good" : "partly",
    h("h1", { class: "q-notice-title", tabindex: -1, id: "phone-title" }, icon("person"), " ", title),
    h("p", {}, why),
    !isEmpty && h("p", {}, _("Not sent: {captures}. Not finished: {drafts}. Save them as a file and give it to who invited you; then this phone can forget them.", { captures: unsent.length, drafts: phone.drafts.size })),
    unsent.length > 0 && h("ul", { class: "q-phone-names" }, ...unsent.map((each) => h("li", {}, `${listOf(each.draft.names)}: ${each.message || reasonOfLeft(each)}`))),
    h("div", { class: "q-phone-buttons" }, !isEmpty && save, forgetting));
}

/** Forgets what is in a file, and in nothing else; where another invitation waits, it takes its place. */
async function forgetSaved(app: App): Promise<void> {
  const { phone, sender } = app;
  const left = phone.unsent().length + phone.drafts.size;
  const words = left > 0 ? _("Not sent or not finished: {count}. They are in the file that you saved, and nowhere else.", { count: left }) : _("Everything was sent. Nothing is lost.");
  if (!(await confirmed(_("Forget this phone?"), [h("p", {}, words)], _("Forget"), _("Go back"))) || !isAllSaved(phone)) return;
  const wasForeign = phone.isForeign;
  // The cookie is that of the new invitation: it stays.
  if (!(await keeping(app, () => sender.forget(false)))) return;
  if (wasForeign) void sender.now(true);
  app.go("#");
  app.redraw();
}

function reasonOfLeft(capture: Capture): string {
  return capture.state === "refused" ? _("not taken") : _("waits here");
}
