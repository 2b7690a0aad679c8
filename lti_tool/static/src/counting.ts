/** Says how many boxes of a form are ticked while they are: too few, too many, or as many as are taken. */

for (const place of document.querySelectorAll<HTMLElement>("[data-q-chosen]")) {
  const { few = "", many = "", fewest = "0", most = "0" } = place.dataset;
  place.closest("form")?.addEventListener("change", (event) => {
    const form = event.currentTarget as HTMLFormElement;
    const count = form.querySelectorAll("input[type=checkbox]:checked").length;
    place.textContent = (count < Number(fewest) ? few : many).replace("{count}", String(count));
    if (count > Number(most)) place.dataset["tone"] = "bad";
    else delete place.dataset["tone"];
  });
}

export {};
