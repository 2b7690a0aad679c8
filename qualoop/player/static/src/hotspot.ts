/** A click on a region of a picture picks its radio button; the list of radio buttons remains the way for all. */

const REGION = ".q-region[data-for]";

export function isRegionClick(event: Event): boolean {
  return event.target instanceof Element && event.target.closest(REGION) !== null;
}

export function chooseRegion(event: Event, root: HTMLElement): void {
  const radio = radioOf((event.target as Element).closest<SVGElement>(REGION), root);
  if (radio && !radio.disabled) {
    radio.checked = true;
    radio.focus({ preventScroll: true });
    showChosenRegions(root);
  }
}

export function showChosenRegions(root: HTMLElement): void {
  for (const region of root.querySelectorAll<SVGElement>(REGION)) {
    region.toggleAttribute("data-chosen", radioOf(region, root)?.checked ?? false);
  }
}

function radioOf(region: SVGElement | null, root: HTMLElement): HTMLInputElement | null {
  const id = region?.dataset["for"];
  return id ? root.querySelector<HTMLInputElement>(`#${CSS.escape(id)}`) : null;
}
