/** The pages on which activities are chosen: says how many are chosen, and sends the answer without a click. */

const ONE = 1;

function countChosen(form: HTMLFormElement, place: HTMLElement): void {
  const count = form.querySelectorAll("input[name=pick]:checked").length;
  const words = count === 0 ? "none" : count === ONE ? "one" : "many";
  place.textContent = (place.dataset[words] ?? "").replace("{n}", String(count));
}

const choosing = document.querySelector<HTMLFormElement>("form[data-q-choosing]");
const place = document.querySelector<HTMLElement>("[data-q-count]");
if (choosing && place) {
  choosing.addEventListener("change", () => countChosen(choosing, place));
  // A step back in the browser may bring the ticks of before.
  window.addEventListener("pageshow", () => countChosen(choosing, place));
}

document.querySelector<HTMLFormElement>("form[data-q-send]")?.submit();
