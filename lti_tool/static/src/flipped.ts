/** The steps of a flipped unit: dragged to their place, or moved by Alt and an arrow key. Without script: the arrows. */

const ABOVE = -1;
const BELOW = 1;

function stepsOf(form: HTMLFormElement): HTMLElement[] {
  return [...form.querySelectorAll<HTMLElement>("[data-q-step]")];
}

/** Sends a step to a place, counted among all the others. */
function move(form: HTMLFormElement, key: string, place: number): void {
  const button = form.querySelector<HTMLButtonElement>("[data-q-flip-move]");
  if (!button) return;
  button.value = `move:${key}:${place}`;
  form.requestSubmit(button);
}

function placeOf(steps: HTMLElement[], target: HTMLElement, dragged: HTMLElement, isBelow: boolean): number {
  const others = steps.filter((step) => step !== dragged);
  return others.indexOf(target) + (isBelow ? 1 : 0);
}

function isInLowerHalf(step: HTMLElement, event: DragEvent): boolean {
  const box = step.getBoundingClientRect();
  return event.clientY > box.top + box.height / 2;
}

function letDrag(form: HTMLFormElement): void {
  let dragged: HTMLElement | null = null;
  const clear = (): void => {
    for (const step of stepsOf(form)) delete step.dataset["qDrop"];
  };
  for (const step of stepsOf(form)) {
    step.draggable = true;
    step.addEventListener("dragstart", (event) => {
      dragged = step;
      event.dataTransfer?.setData("text/plain", step.dataset["qStep"] ?? "");
    });
    step.addEventListener("dragend", () => {
      dragged = null;
      clear();
    });
    step.addEventListener("dragover", (event) => {
      if (!dragged || dragged === step) return;
      event.preventDefault();
      clear();
      step.dataset["qDrop"] = isInLowerHalf(step, event) ? "below" : "above";
    });
    step.addEventListener("drop", (event) => {
      if (!dragged || dragged === step) return;
      event.preventDefault();
      const place = placeOf(stepsOf(form), step, dragged, isInLowerHalf(step, event));
      move(form, dragged.dataset["qStep"] ?? "", place);
    });
  }
}

function letKeys(form: HTMLFormElement): void {
  for (const step of stepsOf(form)) {
    step.tabIndex = 0;
    step.addEventListener("keydown", (event) => {
      const by = event.key === "ArrowUp" ? ABOVE : event.key === "ArrowDown" ? BELOW : 0;
      if (!event.altKey || by === 0) return;
      event.preventDefault();
      const place = Number(step.dataset["qPlace"]) + by;
      if (place >= 0 && place < stepsOf(form).length) move(form, step.dataset["qStep"] ?? "", place);
    });
  }
}

const form = document.querySelector<HTMLFormElement>("form[data-q-flip]");
if (form) {
  letDrag(form);
  letKeys(form);
  form.querySelector("[data-q-flip-help]")?.removeAttribute("hidden");
  // A step that was just moved keeps the focus, so that it can be moved on.
  const about = form.dataset["about"] || location.hash.slice(1);
  const moved = about.startsWith("step-") ? document.getElementById(about) : null;
  moved?.focus({ preventScroll: false });
  // What was refused is looked at first.
  document.getElementById("fault-of")?.scrollIntoView({ block: "center" });
}
