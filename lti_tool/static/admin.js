// Makes links easy to copy and rows easy to tick; without it everything works by hand.
for (const button of document.querySelectorAll("[data-q-copy]")) {
  const text = button.parentElement.querySelector("[data-q-copy-text]");
  if (!navigator.clipboard || text === null) continue;
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = label; }, 3000);
    } catch {
      getSelection().selectAllChildren(text);
    }
  });
}
for (const form of document.querySelectorAll("[data-q-rows]")) {
  const all = form.querySelector("[data-q-tick-all]");
  const rows = [...form.querySelectorAll("input[name=row]")];
  if (all === null || rows.length < 2) continue;
  const box = all.querySelector("input");
  all.hidden = false;
  box.addEventListener("change", () => { for (const row of rows) row.checked = box.checked; });
  form.addEventListener("change", () => { box.checked = rows.every((row) => row.checked); });
}
