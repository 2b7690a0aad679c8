/** Choosing: the tasks of the course, then whom of the course. */
import { addressOf, type App, type View } from "./phone_app";
import { bar, button, h, icon, notice } from "./phone_dom";
import { languages } from "./phone_more";
import { tipsOf } from "./phone_tips";
import type { Learner, Pack, Task } from "./phone_types";
import { _, lastDayBefore, moment, number, textOf } from "./phone_words";

const MOST_IN_TEAM = 12;

/** What was searched and ticked stays while one goes to and fro. */
const asked = { words: "", group: "", several: false, ticked: new Set<string>() };
/** Who comes after whom one has just observed. */
let next = "";

/** Nothing of anybody stays, here neither. */
export function forgetAsked(): void {
  Object.assign(asked, { words: "", group: "", several: false });
  asked.ticked.clear();
  next = "";
}

export function tasksView(app: App, pack: Pack): View {
  const { assessor, course, invitation } = pack;
  const draw = (): HTMLElement => h("div", { class: "q-stack-wide" },
    h("header", { class: "q-phone-who" },
      h("p", { class: "q-eyebrow" }, [assessor.name, assessor.enterprise].filter(Boolean).join(" · ")),
      h("h1", { tabindex: -1, id: "phone-title" }, course.title),
      Boolean(invitation.until) && h("p", { class: "q-muted q-small" }, _("You may observe here until {day}.", { day: lastDayBefore(invitation.until ?? "") }))),
    tipsOf(app),
    draftsOf(app),
    h("section", { class: "q-stack", "aria-labelledby": "phone-tasks" },
      h("h2", { id: "phone-tasks" }, _("What do you observe?")),
      pack.tasks.length === 0 && notice("", h("p", {}, _("Nothing is there to be observed yet. The teacher chooses it in the course; it appears here by itself."))),
      h("ul", { class: "q-list q-phone-list" }, ...pack.tasks.map((task) => h("li", {}, taskCard(app, pack, task))))),
    languages(app));
  return { title: course.title, back: "", body: draw(), refresh: draw };
}

function taskCard(app: App, pack: Pack, task: Task): HTMLElement {
  const rubric = pack.rubrics[task.rubric];
  const done = pack.learners.filter((each) => app.phone.isDone(task.key, each.uuid)).length;
  const isLocked = Boolean(task.beyond) || !rubric;
  const title = h("span", { class: "q-phone-card-title" }, textOf(task.title), isLocked ? icon("locked") : icon("next"));
  // Most often the rubric is called what the task is.
  const by = textOf(rubric?.title) === textOf(task.title) ? "" : textOf(rubric?.title);
  const rows = h("span", { class: "q-small q-muted" }, [by, rubric && _("Rows: {count}", { count: rubric.rows.length })].filter(Boolean).join(" · "));
  if (isLocked) {
    const why = rubric
      ? _("This task is above the level that you may judge. Who invited you can change that.")
      : _("This task came without its rubric. Send and fetch once more.");
    return h("div", { class: "q-phone-card", "data-locked": true }, title, rows, h("span", { class: "q-small" }, why));
  }
  const all = pack.learners.length;
  return h("a", { class: "q-phone-card", href: addressOf(task.key), id: `task-${task.key}` }, title, rows,
    h("span", { class: "q-phone-progress" }, bar(done, all), h("span", { class: "q-small" }, _("{done} of {all} done", { done: number(done), all: number(all) }))));
}

/** What was begun and not finished, wherever one left it. */
function draftsOf(app: App): HTMLElement | null {
  const drafts = [...app.phone.drafts.values()].sort((one, other) => other.changedAt - one.changedAt);
  if (drafts.length === 0) return null;
  const rows = drafts.map((draft) => h("li", {},
    h("a", { class: "q-phone-card", href: addressOf(draft.task, draft.learners, draft.replaces ?? "") },
      h("span", { class: "q-phone-card-title" }, draft.names.join(", "), icon("next")),
      h("span", { class: "q-small q-muted" }, `${textOf(draft.title)} · ${moment(draft.changedAt)}`))));
  return h("section", { class: "q-stack", "aria-labelledby": "phone-drafts" },
    h("h2", { id: "phone-drafts" }, _("Begun, not finished")), h("ul", { class: "q-list q-phone-list" }, ...rows));
}

export function learnersView(app: App, pack: Pack, task: Task): View {
  const draw = (): HTMLElement => new People(app, pack, task).body;
  return { title: textOf(task.title), back: "#", body: draw(), refresh: draw };
}

/** Points to who is next in the list after somebody who was just observed, and has not been yet. */
export function pointToNext(app: App, pack: Pack, task: string, after: string): void {
  const place = pack.learners.findIndex((each) => each.uuid === after);
  const order = [...pack.learners.slice(place + 1), ...pack.learners.slice(0, place)];
  const isHere = (each: Learner): boolean => !asked.group || each.group === asked.group;
  asked.words = "";
  next = order.find((each) => isHere(each) && !app.phone.isDone(task, each.uuid))?.uuid ?? "";
}

/** Brings who is next under the thumb; says whether there is anybody. */
export function focusNext(): boolean {
  const card = next ? document.getElementById(`learner-${next}`) : null;
  card?.scrollIntoView({ block: "center" });
  card?.focus({ preventScroll: true });
  return card !== null;
}

class People {
  readonly body: HTMLElement;
  readonly #list = h("ul", { class: "q-list q-phone-list", "aria-labelledby": "phone-people" });
  readonly #found = h("p", { class: "q-small q-muted", role: "status" });
  readonly #foot = h("div", { class: "q-phone-foot" });

  constructor(readonly app: App, readonly pack: Pack, readonly task: Task) {
    const done = pack.learners.filter((each) => app.phone.isDone(task.key, each.uuid)).length;
    const all = pack.learners.length;
    this.body = h("div", { class: "q-stack" },
      h("header", { class: "q-phone-who" },
        h("h1", { tabindex: -1, id: "phone-title" }, textOf(task.title)),
        h("div", { class: "q-phone-progress" }, bar(done, all), h("span", { class: "q-small" }, _("{done} of {all} done", { done: number(done), all: number(all) })))),
      h("h2", { id: "phone-people" }, asked.several ? _("Tick who works together") : _("Whom do you observe?")),
      this.#filters(), this.#teams(), this.#found, this.#list, this.#foot);
    this.#fill();
  }

  #filters(): HTMLElement {
    const search = h("input", {
      class: "q-input", type: "search", id: "phone-search", value: asked.words, autocomplete: "off", "aria-label": _("Search a name"),
      placeholder: _("Search a name"),
      input: () => {
        asked.words = search.value;
        this.#fill();
      },
    });
    const groups = [...new Set(this.pack.learners.map((each) => each.group ?? "").filter(Boolean))].sort();
    if (!groups.includes(asked.group)) asked.group = "";
    const choose = h("select", { class: "q-select", id: "phone-group", "aria-label": _("Group"), change: () => {
      asked.group = choose.value;
      this.#fill();
    } }, h("option", { value: "" }, _("All groups")), ...groups.map((group) => h("option", { value: group, selected: group === asked.group }, group)));
    const several = button(asked.several ? _("One at a time") : _("Several together"), () => {
      asked.several = !asked.several;
      asked.ticked.clear();
      this.app.redraw();
    }, "", { id: "phone-several", "aria-pressed": String(asked.several) });
    return h("div", { class: "q-phone-filters" }, search, groups.length > 1 && choose, this.pack.learners.length > 1 && several);
  }

  /** Teams that the course has: one press ticks all of it. */
  #teams(): HTMLElement | null {
    const known = new Set(this.pack.learners.map((each) => each.uuid));
    const teams = (this.pack.teams ?? []).filter((team) => team.learners.length > 0 && team.learners.every((each) => known.has(each)));
    if (!asked.several || teams.length === 0) return null;
    const tick = (learners: readonly string[]) => (): void => {
      asked.ticked = new Set(learners);
      this.#fill();
    };
    return h("div", { class: "q-phone-teams", role: "group", "aria-label": _("Teams") },
      ...teams.map((team, place) => button(team.name, tick(team.learners), "", { id: `phone-team-${place}` })));
  }

  #fill(): void {
    const words = asked.words.trim().toLocaleLowerCase();
    const found = this.pack.learners.filter(
      (each) => each.name.toLocaleLowerCase().includes(words) && (!asked.group || each.group === asked.group),
    );
    this.#list.replaceChildren(...found.map((each) => h("li", {}, asked.several ? this.#tickable(each) : this.#single(each))));
    this.#found.textContent = found.length === 0 ? _("Nobody of that name is in the list. The list is what the phone fetched last.") : "";
    this.#drawFoot();
  }

  #drawFoot(): void {
    this.#foot.hidden = !asked.several;
    const count = asked.ticked.size;
    const isRight = count >= 2 && count <= MOST_IN_TEAM;
    const start = (): void => {
      if (!isRight) return this.app.say(_("Tick two to {most} who work together.", { most: MOST_IN_TEAM }));
      const learners = [...asked.ticked];
      asked.several = false;
      asked.ticked.clear();
      this.app.go(addressOf(this.task.key, learners));
    };
    this.#foot.replaceChildren(
      h("p", { class: "q-phone-count", role: "status" }, _("Ticked: {count}", { count })),
      button(_("Observe together"), start, "primary", { id: "phone-together", "aria-disabled": String(!isRight) }));
  }

  #single(learner: Learner): HTMLElement {
    return h("a", { class: "q-phone-card", href: addressOf(this.task.key, [learner.uuid]), id: `learner-${learner.uuid}`,
      "data-next": learner.uuid === next },
      h("span", { class: "q-phone-card-title" }, learner.name, icon("next")), this.#standing(learner));
  }

  #tickable(learner: Learner): HTMLElement {
    const box = h("input", { type: "checkbox", id: `tick-${learner.uuid}`, checked: asked.ticked.has(learner.uuid), change: () => {
      if (box.checked) asked.ticked.add(learner.uuid);
      else asked.ticked.delete(learner.uuid);
      this.#drawFoot();
    } });
    return h("label", { class: "q-phone-card q-phone-tick" }, box, h("span", { class: "q-phone-card-title" }, learner.name), this.#standing(learner));
  }

  /** Says what there is of a learner already, and where it was made. */
  #standing(learner: Learner): HTMLElement | null {
    const { phone } = this.app;
    const line = [learner.group ? h("span", { class: "q-muted" }, learner.group) : null];
    if (learner.uuid === next && !asked.several) line.push(h("span", { class: "q-badge q-phone-next" }, _("next person")));
    const isBegun = [...phone.drafts.values()].some((each) => each.task === this.task.key && each.learners.includes(learner.uuid));
    const here = phone.doneHere(this.task.key, learner.uuid);
    const elsewhere = phone.doneElsewhere(this.task.key, learner.uuid);
    if (isBegun) line.push(h("span", { class: "q-badge", "data-tone": "partly" }, _("begun")));
    if (here) line.push(h("span", { class: "q-badge", "data-tone": "good" }, _("done {time}", { time: moment(here.madeAt) })));
    else if (elsewhere) line.push(h("span", { class: "q-badge", "data-tone": "good" }, _("done on another phone")));
    return line.some(Boolean) ? h("span", { class: "q-phone-standing q-small" }, ...line) : null;
  }
}
