/**
 * Puts entries in order by dragging or with two buttons each. The server's form has one select per entry, which says
 * at which place the entry stands; it stays in the form, hidden, and is what is sent.
 */

const ENTRY = ".q-order-entry";
const UP = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="m6 15 6-6 6 6"/></svg>';
const DOWN = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="m6 9 6 6 6-6"/></svg>';

type Direction = "up" | "down";

export function enhanceOrdering(list: HTMLOListElement): void {
  list.toggleAttribute("data-q-enhanced", true);
  const chosen = new Map(entries(list).map((entry, index) => [entry, placeOf(entry) || index + 1]));
  list.append(...[...chosen.keys()].sort((one, other) => (chosen.get(one) ?? 0) - (chosen.get(other) ?? 0)));
  for (const entry of entries(list)) {
    selectOf(entry).hidden = true;
    entry.append(buttons(list, entry));
  }
  renumber(list);
}

export function moveByButton(event: Event): void {
  const button = event.target instanceof Element ? event.target.closest<HTMLButtonElement>("[data-q-move]") : null;
  const entry = button?.closest<HTMLElement>(ENTRY);
  const list = entry?.parentElement;
  if (!button || !entry || !(list instanceof HTMLOListElement)) {
    return;
  }
  if (button.dataset["qMove"] === "up") {
    entry.previousElementSibling?.before(entry);
  } else {
    entry.nextElementSibling?.after(entry);
  }
  renumber(list);
  (button.disabled ? entry.querySelector<HTMLButtonElement>("[data-q-move]:not(:disabled)") : button)?.focus();
  announce(list, entry);
}

/** A mouse drags an entry anywhere; a finger drags it by its grip, so that the page still scrolls. */
export function startDrag(event: PointerEvent): void {
  const target = event.target instanceof Element ? event.target : null;
  const entry = target?.closest<HTMLElement>(`[data-q-enhanced] > ${ENTRY}`);
  const list = entry?.parentElement;
  const grips = event.pointerType === "mouse" || target?.closest(".q-order-grip");
  if (!entry || !(list instanceof HTMLOListElement) || !grips || target?.closest("button") || event.button !== 0) {
    return;
  }
  event.preventDefault();
  drag(entry, list, event);
}

function drag(entry: HTMLElement, list: HTMLOListElement, start: PointerEvent): void {
  let from = start.clientY;
  const move = (event: PointerEvent): void => {
    from += stepOver(entry, event.clientY - from);
    entry.style.transform = `translateY(${event.clientY - from}px)`;
  };
  const drop = (): void => {
    entry.removeEventListener("pointermove", move);
    entry.style.transform = "";
    entry.toggleAttribute("data-dragging", false);
    renumber(list);
    announce(list, entry);
  };
  entry.setPointerCapture(start.pointerId);
  entry.toggleAttribute("data-dragging", true);
  entry.addEventListener("pointermove", move);
  entry.addEventListener("lostpointercapture", drop, { once: true });
}

/** Lets the entry change places with a neighbour that it has passed by half; returns how far its own place moved. */
function stepOver(entry: HTMLElement, shift: number): number {
  const neighbour = shift < 0 ? entry.previousElementSibling : entry.nextElementSibling;
  if (!(neighbour instanceof HTMLElement) || Math.abs(shift) < neighbour.offsetHeight / 2) {
    return 0;
  }
  const before = entry.offsetTop;
  if (shift < 0) {
    // The neighbour moves, not the entry: a moved element would lose the pointer.
    entry.after(neighbour);
  } else {
    entry.before(neighbour);
  }
  return entry.offsetTop - before;
}

function renumber(list: HTMLOListElement): void {
  const all = entries(list);
  all.forEach((entry, index) => {
    selectOf(entry).value = String(index + 1);
    const place = entry.querySelector(".q-order-place");
    if (place) {
      place.textContent = String(index + 1);
    }
    for (const button of entry.querySelectorAll<HTMLButtonElement>("[data-q-move]")) {
      button.disabled = index === (button.dataset["qMove"] === "up" ? 0 : all.length - 1);
    }
  });
}

function announce(list: HTMLOListElement, entry: HTMLElement): void {
  const place = list.parentElement?.querySelector("[data-q-order-said]");
  if (place) {
    place.textContent = (list.dataset["said"] ?? "")
      .replace("{entry}", textOf(entry))
      .replace("{place}", selectOf(entry).value)
      .replace("{total}", String(entries(list).length));
  }
}

function buttons(list: HTMLOListElement, entry: HTMLElement): HTMLElement {
  const both = document.createElement("span");
  both.className = "q-order-moves";
  both.append(button("up", list.dataset["up"], entry), button("down", list.dataset["down"], entry));
  return both;
}

function button(direction: Direction, label: string | undefined, entry: HTMLElement): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "q-order-move";
  made.dataset["qMove"] = direction;
  made.setAttribute("aria-label", `${label ?? direction}: ${textOf(entry)}`);
  made.innerHTML = direction === "up" ? UP : DOWN;
  return made;
}

function entries(list: HTMLOListElement): HTMLElement[] {
  return [...list.querySelectorAll<HTMLElement>(`:scope > ${ENTRY}`)];
}

function selectOf(entry: HTMLElement): HTMLSelectElement {
  const select = entry.querySelector("select");
  if (!select) {
    throw new Error("an entry of an ordering has no select");
  }
  return select;
}

function placeOf(entry: HTMLElement): number {
  return Number(selectOf(entry).value);
}

function textOf(entry: HTMLElement): string {
  return entry.querySelector(".q-order-text")?.textContent?.trim() ?? "";
}
