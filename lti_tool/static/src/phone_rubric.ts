/** One observation: a rubric under the thumb. Everything that is chosen or written is kept at once. */
import { addressOf, keeping, type App, type View } from "./phone_app";
import { bar, button, confirmed, h, icon, notice } from "./phone_dom";
import { focusNext, pointToNext } from "./phone_people";
import { photosDrawn, photosOf } from "./phone_pictures";
import type { Capture, Draft, Level, Mark, Row } from "./phone_types";
import { _, listOf, moment, number, textOf } from "./phone_words";

const WRITING_MS = 400;
const MOST_LETTERS = 2_000;
const MOST_LETTERS_OVERALL = 4_000;
const HALF = 0.5;

export function rubricView(app: App, draft: Draft): View {
  return new RubricForm(app, draft).view();
}

class RubricForm {
  readonly #summary = h("p", { class: "q-phone-count", "aria-live": "polite" });
  readonly #meter = h("div", {});
  readonly #fieldsets = new Map<string, HTMLElement>();
  readonly #body = h("div", { class: "q-phone-rubric", keydown: (event: KeyboardEvent) => this.#onKey(event) });
  #timer = 0;
  #isFinishing = false;

  constructor(readonly app: App, readonly draft: Draft) {}

  view(): View {
    const { draft } = this;
    const about = draft.learners.length > 1 ? _("Each of them gets this observation.") : "";
    const body = this.#body;
    body.append(
      h("header", { class: "q-phone-who" },
        h("p", { class: "q-eyebrow" }, textOf(draft.title)),
        h("h1", { tabindex: -1, id: "phone-title" }, listOf(draft.names)),
        about && h("p", { class: "q-muted q-small" }, about),
        this.#again(),
        draft.replaces !== null && notice("", h("p", {}, _("You are correcting an observation. Both stay on record, and this one counts.")))),
      ...draft.form.rows.map((row, place) => this.#row(row, place)),
      this.#overall(),
      photosOf(this.app, draft),
      this.#foot());
    this.#count();
    requestAnimationFrame(() => this.#unfolding(body));
    window.addEventListener("pagehide", this.#flush);
    document.addEventListener("visibilitychange", this.#flush);
    return { title: listOf(draft.names), back: addressOf(draft.task), body };
  }

  /** Says that somebody was observed here already: most often one wants to correct that, and not to judge twice. */
  #again(): HTMLElement | null {
    const { draft, app } = this;
    const [only = ""] = draft.learners;
    const before = draft.learners.length === 1 && draft.replaces === null ? app.phone.doneHere(draft.task, only) : null;
    if (!before) return null;
    const words = _("You observed {names} here already ({time}). What you save now is a second observation.", { names: listOf(draft.names), time: moment(before.madeAt) });
    // What nobody else has seen can just be changed.
    const change = (): void => void keeping(app, async () => {
      if (await app.phone.undo(before)) app.go(addressOf(draft.task, before.draft.learners, before.draft.replaces ?? ""), true);
      else app.redraw();
    });
    const offer = before.tried
      ? h("a", { class: "q-button", href: addressOf(draft.task, before.draft.learners, before.id), id: "phone-correct" }, _("Correct the first one"))
      : button(_("Change the first one"), change, "", { id: "phone-change" });
    return notice("partly", h("p", {}, words), h("div", {}, offer));
  }

  /** Gives every row with a descriptor that is cut a button that shows all of it. */
  #unfolding(body: HTMLElement): void {
    for (const fieldset of body.querySelectorAll<HTMLElement>("fieldset")) {
      const isCut = [...fieldset.querySelectorAll(".q-mark-descriptor")].some((each) => each.scrollHeight > each.clientHeight + 1);
      if (!isCut) continue;
      const press = (): void => {
        const isFull = fieldset.toggleAttribute("data-full");
        toggle.setAttribute("aria-expanded", String(isFull));
        toggle.textContent = isFull ? _("Shorter descriptions") : _("Whole descriptions");
      };
      const toggle = button(_("Whole descriptions"), press, "quiet", { "aria-expanded": "false", class: "q-button q-button-quiet q-phone-full" });
      fieldset.querySelector(".q-mark-levels")?.before(toggle);
    }
  }

  #mark(row: Row): Mark {
    return (this.draft.rows[row.key] ??= {});
  }

  #keep(): void {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const { phone } = this.app;
    void keeping(this.app, () => (this.#isEmpty() ? phone.discard(this.draft) : phone.saveDraft(this.draft)));
  }

  /** What is being written is kept when the writing pauses, and when the app is put away. */
  #keepSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#keep(), WRITING_MS);
  }

  readonly #flush = (): void => {
    if (this.#timer) this.#keep();
  };

  #row(row: Row, place: number): HTMLElement {
    const mark = this.draft.rows[row.key];
    const about = textOf(row.about);
    const fine = h("div", { class: "q-phone-fine" });
    const levels = row.levels.map((level, index) => this.#level(row, level, index, fine));
    const fieldset = h("fieldset", { class: "q-mark-row", "data-row": row.key, id: `row-${place}` },
      h("legend", { class: "q-mark-title" }, h("span", { class: "q-mark-number" }, String(place + 1)), " ", textOf(row.title)),
      about && h("p", { class: "q-small q-muted" }, about),
      h("div", { class: "q-mark-levels" }, ...levels),
      fine,
      h("div", { class: "q-phone-extra" }, this.#comment(row, place), this.#clear(row, fine)));
    const lacks = row.levels.some((level) => level.beyond);
    if (lacks) fieldset.append(h("p", { class: "q-small q-muted" }, icon("locked"), " ", _("Locked levels are above what you may judge here.")));
    this.#points(row, mark?.level, fine);
    this.#fieldsets.set(row.key, fieldset);
    return fieldset;
  }

  #level(row: Row, level: Level, index: number, fine: HTMLElement): HTMLElement {
    const descriptor = textOf(level.descriptor);
    const input = h("input", {
      type: "radio",
      name: `level-${row.key}`,
      value: index,
      disabled: Boolean(level.beyond),
      checked: this.draft.rows[row.key]?.level === index,
      change: () => this.#choose(row, index, fine),
    });
    return h("label", { class: "q-mark-level", "data-locked": Boolean(level.beyond) },
      input,
      h("span", { class: "q-mark-level-head" },
        h("kbd", { class: "q-key", "aria-hidden": "true" }, String(index + 1)),
        h("span", { class: "q-mark-level-title" }, textOf(level.title)),
        level.beyond && icon("locked"),
        h("span", { class: "q-mark-points" }, pointsOf(level))),
      descriptor && h("span", { class: "q-mark-descriptor" }, descriptor));
  }

  #choose(row: Row, index: number, fine: HTMLElement): void {
    const mark = this.#mark(row);
    mark.level = index;
    delete mark.points;
    this.#points(row, index, fine);
    this.#count();
    this.#keep();
  }

  /** Shows the points of the chosen level where it leaves a choice. */
  #points(row: Row, index: number | undefined, fine: HTMLElement): void {
    const level = index === undefined ? undefined : row.levels[index];
    fine.replaceChildren();
    if (!level || !hasRange(level)) return;
    const [low, high] = [Number(level.points), Number(level.up_to)];
    const mark = this.#mark(row);
    mark.points ??= String(level.points);
    const id = `points-${row.key}`;
    const wrong = h("p", { class: "q-error", id: `${id}-wrong`, role: "alert", hidden: true }, _("From {low} to {high} points.", { low, high }));
    const field = h("input", {
      class: "q-input q-phone-points", id, inputmode: "decimal", autocomplete: "off", value: mark.points,
      "aria-describedby": wrong.id,
      input: () => {
        const text = field.value.trim().replace(",", ".");
        const isRight = /^\d+(\.\d{1,2})?$/.test(text) && Number(text) >= low && Number(text) <= high;
        wrong.hidden = isRight;
        field.setAttribute("aria-invalid", String(!isRight));
        if (!isRight) return;
        mark.points = text;
        this.#keepSoon();
      },
    });
    const step = (by: number) => (): void => {
      field.value = String(Math.min(high, Math.max(low, Number(mark.points ?? low) + by)));
      field.dispatchEvent(new Event("input"));
    };
    const size = high - low < 2 ? HALF : 1;
    fine.append(
      h("label", { class: "q-label", for: id }, _("Points")),
      button("−", step(-size), "", { "aria-label": _("Fewer points") }), field,
      button("+", step(size), "", { "aria-label": _("More points") }), wrong);
  }

  #comment(row: Row, place: number): HTMLElement {
    const id = `comment-${place}`;
    const text = this.draft.rows[row.key]?.comment ?? "";
    const area = h("textarea", {
      class: "q-input q-mark-comment", id, rows: 2, maxlength: MOST_LETTERS, "aria-label": _("Comment on: {row}", { row: textOf(row.title) }),
      input: () => {
        this.#mark(row).comment = area.value;
        this.#keepSoon();
      },
    });
    area.value = text;
    return h("details", { class: "q-disclosure", open: text !== "", toggle: (event: Event) => {
      if ((event.target as HTMLDetailsElement).open && !area.value && event.isTrusted) area.focus();
    } }, h("summary", {}, _("Comment")), area);
  }

  #clear(row: Row, fine: HTMLElement): HTMLElement {
    const clear = (): void => {
      const mark = this.#mark(row);
      delete mark.level;
      delete mark.points;
      for (const input of fine.closest("fieldset")?.querySelectorAll<HTMLInputElement>("input[type=radio]") ?? []) input.checked = false;
      this.#points(row, undefined, fine);
      this.#count();
      this.#keep();
    };
    return button(_("Clear"), clear, "quiet", { class: "q-button q-button-quiet q-phone-clear", "aria-label": _("Clear the level of: {row}", { row: textOf(row.title) }) });
  }

  #overall(): HTMLElement {
    const area = h("textarea", {
      class: "q-input q-mark-comment", id: "overall", rows: 3, maxlength: MOST_LETTERS_OVERALL,
      input: () => {
        this.draft.overall = area.value;
        this.#keepSoon();
      },
    });
    area.value = this.draft.overall;
    return h("div", { class: "q-mark-row" }, h("label", { class: "q-mark-title", for: "overall" }, _("On the whole")), area);
  }

  #foot(): HTMLElement {
    return h("div", { class: "q-phone-foot" },
      h("div", { class: "q-phone-sum" }, this.#summary, this.#meter),
      button(_("Done"), () => void this.#finish(), "primary", { id: "phone-done" }));
  }

  #missing(): Row[] {
    return this.draft.form.rows.filter((row) => this.draft.rows[row.key]?.level === undefined);
  }

  #count(): void {
    const all = this.draft.form.rows.length;
    const done = all - this.#missing().length;
    this.#summary.textContent = _("{done} of {all} rows", { done, all });
    this.#meter.replaceChildren(bar(done, all));
    for (const [key, fieldset] of this.#fieldsets) {
      fieldset.toggleAttribute("data-given", this.draft.rows[key]?.level !== undefined);
    }
  }

  #isEmpty(): boolean {
    const { rows, overall, photos } = this.draft;
    const said = Object.values(rows).some((mark) => mark.level !== undefined || mark.comment?.trim());
    return !said && !overall.trim() && photos.length === 0;
  }

  /** Once, however often it is pressed. */
  async #finish(): Promise<void> {
    if (this.#isFinishing) return;
    this.#isFinishing = true;
    try {
      if (await this.#mayFinish()) await this.#save();
    } finally {
      this.#isFinishing = false;
    }
  }

  /** Says whether the observation is as whoever made it wants it; leads to what is not. */
  async #mayFinish(): Promise<boolean> {
    const wrong = document.querySelector<HTMLElement>(".q-phone-points[aria-invalid=true]");
    wrong?.focus();
    if (wrong) return false;
    const missing = this.#missing();
    if (missing.length === this.draft.form.rows.length) {
      document.querySelector<HTMLElement>("#row-0 input:not(:disabled)")?.focus();
      this.app.say(_("No row has a level yet. Choose one first."));
      return false;
    }
    if (missing.length > 0 && !(await this.#leavesOpen(missing))) {
      const first = this.draft.form.rows.indexOf(missing[0] as Row);
      document.querySelector<HTMLElement>(`#row-${first} input:not(:disabled)`)?.focus();
      return false;
    }
    return true;
  }

  async #save(): Promise<void> {
    const { app, draft } = this;
    // What is signed is what is seen: nothing changes any more, and what is under way comes in.
    this.#body.inert = true;
    try {
      if (!(await photosDrawn(draft))) return;
      clearTimeout(this.#timer);
      this.#timer = 0;
      const isKept = await keeping(app, async () => this.#goOn(await app.phone.finish(draft)));
      if (isKept) void app.sender.now();
    } finally {
      this.#body.inert = false;
      if (this.#body.isConnected) document.getElementById("phone-done")?.focus();
    }
  }

  #goOn(capture: Capture): void {
    const { app, draft } = this;
    const again = addressOf(draft.task, draft.learners, draft.replaces ?? "");
    if (app.phone.pack) pointToNext(app, app.phone.pack, draft.task, draft.learners.at(-1) ?? "");
    app.go(addressOf(draft.task));
    focusNext();
    const undo = async (): Promise<void> => {
      if (await app.phone.undo(capture)) app.go(again);
      else app.say(_("It is on its way already. Open it again and choose “Correct”."));
    };
    app.say(_("Saved for {names}.", { names: listOf(draft.names) }), { label: _("Undo"), press: () => void keeping(app, undo) });
  }

  #leavesOpen(missing: readonly Row[]): Promise<boolean> {
    const names = missing.map((row) => h("li", {}, textOf(row.title)));
    const body = [h("p", {}, _("These rows have no level:")), h("ul", { class: "q-phone-names" }, ...names),
      h("p", { class: "q-muted" }, _("They count as not observed, not as failed."))];
    return confirmed(_("Leave rows open?"), body, _("Save anyway"), _("Go back"));
  }

  /** In a row, a digit chooses its level and goes on to the next row. */
  #onKey(event: KeyboardEvent): void {
    const input = event.target;
    if (!(input instanceof HTMLInputElement) || input.type !== "radio" || event.ctrlKey || event.metaKey || event.altKey) return;
    const place = Number(event.key) - 1;
    const fieldset = input.closest("fieldset");
    const chosen = fieldset?.querySelectorAll<HTMLInputElement>("input[type=radio]")[place];
    if (!fieldset || !chosen || chosen.disabled) return;
    event.preventDefault();
    chosen.click();
    const rows = [...document.querySelectorAll(".q-phone-rubric fieldset[data-row]")];
    const next = rows[rows.indexOf(fieldset) + 1];
    const target = next?.querySelector<HTMLElement>("input:checked, input:not(:disabled)") ?? document.getElementById("overall");
    target?.focus();
  }
}

function hasRange(level: Level): boolean {
  return level.up_to !== undefined && level.up_to !== null && Number(level.up_to) > Number(level.points);
}

function pointsOf(level: Level): string {
  const low = number(level.points);
  if (hasRange(level)) return _("{low}–{high} points", { low, high: number(level.up_to ?? 0) });
  return Number(level.points) === 1 ? _("1 point") : _("{points} points", { points: low });
}
