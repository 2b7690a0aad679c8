/** Rows of a table: sorted by a column and filtered by words. */

export interface Sorting {
  readonly column: number;
  readonly descending: boolean;
}

const LANGUAGE_ORDER = new Intl.Collator(undefined, { numeric: true });

/** Sorts by the column whose head was clicked, the other way round where it was sorted by that already. */
export function sortingAfter(head: HTMLElement, before: Sorting | null): Sorting | null {
  const cell = head.closest("th");
  if (!cell) {
    return before;
  }
  const column = cell.cellIndex;
  return { column, descending: before?.column === column && !before.descending };
}

export function sortRows(table: HTMLTableElement | null, sorting: Sorting | null): void {
  const body = table?.tBodies[0];
  if (!table || !body || !sorting) {
    return;
  }
  const sign = sorting.descending ? -1 : 1;
  const rows = [...body.rows].map((row) => ({ row, key: keyOf(row.cells[sorting.column]) }));
  rows.sort((one, other) => sign * compared(one.key, other.key));
  body.append(...rows.map(({ row }) => row));
  for (const head of table.tHead?.rows[0]?.cells ?? []) {
    if (head.cellIndex === sorting.column) {
      head.setAttribute("aria-sort", sorting.descending ? "descending" : "ascending");
    } else {
      head.removeAttribute("aria-sort");
    }
  }
}

/** Hides the rows that do not have all the words; returns how many are shown, of how many. */
export function filterRows(table: HTMLTableElement | null, words: string): { shown: number; total: number } {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = [...(table?.tBodies[0]?.rows ?? [])];
  for (const row of rows) {
    const text = textIn(row).toLowerCase();
    row.hidden = !wanted.every((word) => text.includes(word));
  }
  return { shown: rows.filter((row) => !row.hidden).length, total: rows.length };
}

function textIn(row: HTMLTableRowElement): string {
  const cells = [...row.cells].map((cell) => (cell.querySelector("[data-q-cell]") ? "" : (cell.textContent ?? "")));
  const chosen = [...row.querySelectorAll("select")].map((select) => select.selectedOptions[0]?.text ?? "");
  return [...cells, ...chosen].join(" ");
}

function keyOf(cell: HTMLTableCellElement | undefined): number | string {
  const control = cell?.querySelector<HTMLInputElement | HTMLSelectElement>("[data-q-cell]");
  if (control instanceof HTMLInputElement && control.type === "checkbox") {
    return control.checked ? 1 : 0;
  }
  if (control instanceof HTMLSelectElement) {
    return control.selectedOptions[0]?.text ?? "";
  }
  const text = control ? control.value : (cell?.dataset["sort"] ?? cell?.textContent ?? "");
  const number = Number(text.trim());
  return text.trim() !== "" && Number.isFinite(number) ? number : text;
}

function compared(one: number | string, other: number | string): number {
  if (typeof one === "number" && typeof other === "number") {
    return one - other;
  }
  return LANGUAGE_ORDER.compare(String(one), String(other));
}
