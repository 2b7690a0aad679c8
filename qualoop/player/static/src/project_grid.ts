/** A table to read: sorted by its heads, and saved as a CSV file. */
import { sortingAfter, sortRows, type Sorting } from "./project_rows";

export class QualoopGrid extends HTMLElement {
  #sorting: Sorting | null = null;

  connectedCallback(): void {
    this.addEventListener("click", this.#onClick);
  }

  disconnectedCallback(): void {
    this.removeEventListener("click", this.#onClick);
  }

  readonly #onClick = (event: MouseEvent): void => {
    const target = event.target instanceof Element ? event.target : null;
    const head = target?.closest<HTMLElement>("[data-q-sort]");
    const table = this.querySelector("table");
    if (head) {
      this.#sorting = sortingAfter(head, this.#sorting);
      sortRows(table, this.#sorting);
    } else if (table && target?.closest("[data-q-csv]")) {
      save(`${this.dataset["name"] ?? "table"}.csv`, csvOf(table));
    }
  };
}

function csvOf(table: HTMLTableElement): string {
  return [...table.rows].map((row) => [...row.cells].map(written).join(",")).join("\r\n");
}

/** A cell as spreadsheets read it; the number behind it where it is one, and nothing that would be computed. */
function written(cell: HTMLTableCellElement): string {
  const text = cell.dataset["sort"] ?? (cell.querySelector(".q-plain-head") ?? cell).textContent?.trim() ?? "";
  const safe = /^[=+\-@\t\r]/.test(text) && !Number.isFinite(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function save(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob(["\uFEFF", text], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser has begun to read it by then; freed at once, some would find nothing.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
