/** The cells of a sheet: where each lies, what stands in it, and how something is put into it. */

export type Cell = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

const YES = new Set(["1", "true", "yes", "y", "on", "x", "是", "对", "√", "✓"]);
const NO = new Set(["", "0", "false", "no", "n", "off", "否", "不", "×"]);

export function cellOf(target: EventTarget | null): Cell | null {
  return target instanceof Element ? target.closest<Cell>("[data-q-cell]") : null;
}

/** The cells as they lie on the page: the rows that are shown, each with its cells. */
export function shownCells(root: HTMLElement): Cell[][] {
  return [...root.querySelectorAll<HTMLTableRowElement>("tbody > tr:not([hidden])")].map((row) => [
    ...row.querySelectorAll<Cell>("[data-q-cell]"),
  ]);
}

export function placeOf(cells: readonly Cell[][], cell: Cell): { row: number; column: number } | null {
  for (const [row, all] of cells.entries()) {
    const column = all.indexOf(cell);
    if (column >= 0) {
      return { row, column };
    }
  }
  return null;
}

export function textOf(cell: Cell): string {
  return isBox(cell) ? (cell.checked ? "1" : "") : cell.value;
}

export function put(cell: Cell, text: string): void {
  if (isBox(cell)) {
    cell.checked = text !== "";
  } else {
    cell.value = text;
  }
}

/** What a pasted text is in a cell, null where the cell cannot hold it: the server says why of what is typed. */
export function understood(cell: Cell, text: string): string | null {
  const word = text.trim();
  if (isBox(cell)) {
    const lower = word.toLowerCase();
    return YES.has(lower) ? "1" : NO.has(lower) ? "" : null;
  }
  if (cell instanceof HTMLSelectElement) {
    const lower = word.toLowerCase();
    const option = [...cell.options].find(
      ({ value, text: label }) => value.toLowerCase() === lower || label.trim().toLowerCase() === lower,
    );
    return option?.value ?? null;
  }
  return word;
}

/** Moves to another cell, and picks what stands in it, so that typing replaces it. */
export function goTo(cell: Cell | undefined): boolean {
  if (!cell) {
    return false;
  }
  cell.focus();
  if (cell instanceof HTMLInputElement && !isBox(cell)) {
    cell.select();
  }
  return true;
}

/** Whether an arrow in this direction would leave the text of a cell. */
export function atEdge(cell: Cell, towards: -1 | 1): boolean {
  if (!(cell instanceof HTMLInputElement) || isBox(cell)) {
    return !(cell instanceof HTMLTextAreaElement);
  }
  const { selectionStart: start, selectionEnd: end, value } = cell;
  const all = start === 0 && end === value.length;
  return all || (start === end && start === (towards < 0 ? 0 : value.length));
}

type Box = HTMLInputElement & { readonly type: "checkbox" };

function isBox(cell: Cell): cell is Box {
  return cell instanceof HTMLInputElement && cell.type === "checkbox";
}
