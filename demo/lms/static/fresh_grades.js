// Looks for new grades every few seconds and puts in the changed cells only, so that focus and scroll stay.
const grades = document.getElementById("grades");
const news = document.getElementById("grade-news");
const PAUSE_MS = 4000;
const CELL = "[id^='grade-']";

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch(grades.dataset.source, { credentials: "same-origin" });
  // A redirect is the log-in page: the session has ended.
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const cells = [...fresh.querySelectorAll(CELL)];
  const shown = grades.querySelectorAll(CELL);
  if (cells.length !== shown.length || cells.some((cell) => !document.getElementById(cell.id))) {
    grades.replaceChildren(...fresh.body.children);
    return;
  }
  const changed = cells.filter((cell) => cell.innerHTML !== document.getElementById(cell.id).innerHTML);
  for (const cell of changed) {
    cell.classList.add("is-new");
    document.getElementById(cell.id).replaceWith(cell);
  }
  if (changed.length > 0) news.textContent = grades.dataset.news;
}

setInterval(() => refresh().catch(() => {}), PAUSE_MS);
