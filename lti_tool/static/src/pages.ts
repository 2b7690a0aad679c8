/** What every page of the tool does: rows of tabs that scroll show the page that is open, and all of a tab that has the focus. */

const ROWS = ".q-subnav > ul";

function show(tab: Element | null | undefined): void {
  tab?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

for (const row of document.querySelectorAll<HTMLElement>(ROWS)) {
  const current = row.querySelector<HTMLElement>("[aria-current]");
  // Only sideways: a page is not scrolled down for its tabs.
  if (current) row.scrollLeft = current.offsetLeft - row.offsetLeft - (row.clientWidth - current.offsetWidth) / 2;
  // A browser leaves a tab half hidden that was half hidden when it got the focus.
  row.addEventListener("focusin", (event) => show(event.target instanceof Element ? event.target : null));
}
