/**
 * A table of decisions that is filled in as in a spreadsheet: arrows and Enter move, blocks are pasted, values filled down,
 * rows sorted and filtered, edits undone. The server's form is what is sent; nothing here decides anything.
 */
import { atEdge, cellOf, goTo, placeOf, put, shownCells, textOf, understood, type Cell } from "./project_cells";
import { History } from "./project_history";
import { filterRows, sortingAfter, sortRows, type Sorting } from "./project_rows";

/** As the page's other numbers are written. */
const GROUPED = new Intl.NumberFormat("en");

export class QualoopSheet extends HTMLElement {
  readonly #history = new History();
  #sorting: Sorting | null = null;
  #last: Cell | null = null;
  #activity: HTMLElement | null = null;

  connectedCallback(): void {
    this.addEventListener("keydown", this.#onKey);
    this.addEventListener("paste", this.#onPaste);
    this.addEventListener("click", this.#onClick);
    this.addEventListener("change", this.#onChange);
    this.addEventListener("input", this.#onInput);
    this.addEventListener("focusin", this.#onFocus);
    this.#activity = this.closest("qualoop-activity");
    this.#activity?.addEventListener("qualoop-shown", this.#onShown);
    this.#begin();
    this.#reveal();
  }

  disconnectedCallback(): void {
    this.#activity?.removeEventListener("qualoop-shown", this.#onShown);
  }

  #begin(): void {
    this.#history.begin(this.querySelectorAll<Cell>("[data-q-cell]"));
  }

  /** Where the table is wider than its box, as on a phone, what is decided is seen first: what is known is a swipe away. */
  #reveal(): void {
    const box = this.querySelector<HTMLElement>(".q-sheet-box");
    const entry = this.querySelector<HTMLElement>("thead .q-entry");
    const names = this.querySelector<HTMLElement>("thead th");
    if (box && entry && names && box.scrollWidth > box.clientWidth) {
      box.scrollLeft += entry.getBoundingClientRect().left - names.getBoundingClientRect().right;
    }
  }

  /** The server drew the rows anew: in its order, and all of them. */
  readonly #onShown = (): void => {
    this.#begin();
    sortRows(this.querySelector("table"), this.#sorting);
    this.#filter();
  };

  readonly #onFocus = (event: FocusEvent): void => {
    this.#last = cellOf(event.target) ?? this.#last;
  };

  readonly #onChange = (event: Event): void => {
    const cell = cellOf(event.target);
    if (cell) {
      this.#history.note([cell]);
    }
  };

  readonly #onInput = (event: Event): void => {
    if (event.target instanceof Element && event.target.matches("[data-q-filter]")) {
      this.#filter();
    }
  };

  readonly #onClick = (event: MouseEvent): void => {
    const target = event.target instanceof Element ? event.target : null;
    const head = target?.closest<HTMLElement>("[data-q-sort]");
    if (head) {
      this.#sorting = sortingAfter(head, this.#sorting);
      sortRows(this.querySelector("table"), this.#sorting);
    } else if (target?.closest("[data-q-fill]")) {
      this.#fillDown(this.#last);
    } else if (target?.closest("[data-q-undo]")) {
      this.#undo();
    } else if (target?.closest("[data-q-redo]")) {
      this.#redo();
    }
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    const cell = cellOf(event.target);
    if (!cell) {
      // Enter in the filter would send the form.
      if (event.key === "Enter" && event.target instanceof HTMLInputElement) {
        event.preventDefault();
      }
      return;
    }
    if (event.isComposing || event.altKey) {
      return;
    }
    if (event.ctrlKey || event.metaKey ? this.#command(event, cell) : this.#move(event, cell)) {
      event.preventDefault();
    }
  };

  #command(event: KeyboardEvent, cell: Cell): boolean {
    const key = event.key.toLowerCase();
    if (key === "d") {
      this.#fillDown(cell);
    } else if (key === "z" && !event.shiftKey) {
      this.#history.note([cell]);
      this.#undo();
    } else if (key === "y" || key === "z") {
      this.#redo();
    } else {
      return false;
    }
    return true;
  }

  #move(event: KeyboardEvent, cell: Cell): boolean {
    const cells = shownCells(this);
    const at = placeOf(cells, cell);
    const step = at && steps(event, cell);
    if (!at || !step) {
      return false;
    }
    const [down, right] = step;
    goTo(cells[at.row + down]?.[at.column + right]);
    // At the edge of the sheet the key has nothing else to do: Enter must not send the form.
    return true;
  }

  readonly #onPaste = (event: ClipboardEvent): void => {
    const cell = cellOf(event.target);
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const block = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
    if (!cell || !/[\t\n]/.test(block)) {
      return;
    }
    event.preventDefault();
    this.#paste(cell, block);
  };

  #paste(cell: Cell, block: string): void {
    const cells = shownCells(this);
    const at = placeOf(cells, cell);
    if (!at) {
      return;
    }
    const touched: Cell[] = [];
    let left = 0;
    // No more lines than rows are looked at, however many were pasted.
    const lines = block.split("\n");
    for (const [row, line] of lines.slice(0, cells.length - at.row).entries()) {
      for (const [column, word] of line.split("\t").entries()) {
        const target = cells[at.row + row]?.[at.column + column];
        const value = target ? understood(target, word) : null;
        if (target && value !== null) {
          put(target, value);
          touched.push(target);
        } else {
          left += 1;
        }
      }
    }
    left += Math.max(0, lines.length - (cells.length - at.row));
    this.#history.note(touched);
    const filled = this.#worded("saidFilled", { count: touched.length });
    this.#show(left > 0 ? `${filled} ${this.#worded("saidLeft", { count: left })}` : filled);
  }

  #fillDown(cell: Cell | null): void {
    const cells = shownCells(this);
    const at = cell && placeOf(cells, cell);
    if (!cell || !at) {
      return;
    }
    // What was typed is an edit of its own.
    this.#history.note([cell]);
    const below = cells.slice(at.row + 1).flatMap((row) => row[at.column] ?? []);
    for (const each of below) {
      put(each, textOf(cell));
    }
    this.#history.note(below);
    this.#say("saidFilled", { count: below.length });
    goTo(cell);
  }

  #undo(): void {
    this.#tell("saidUndone", this.#history.undo());
  }

  #redo(): void {
    this.#tell("saidRedone", this.#history.redo());
  }

  #tell(words: string, cells: readonly Cell[]): void {
    this.#say(words, { count: cells.length });
    goTo(cells[0]);
  }

  #filter(): void {
    const words = this.querySelector<HTMLInputElement>("[data-q-filter]")?.value ?? "";
    const { shown, total } = filterRows(this.querySelector("table"), words);
    if (words) {
      this.#say("saidRows", { count: shown, total });
    }
  }

  #say(words: string, places: Readonly<Record<string, number>>): void {
    this.#show(this.#worded(words, places));
  }

  /** The words for these numbers; there may be others for a `count` of one. */
  #worded(words: string, places: Readonly<Record<string, number>>): string {
    const one = places["count"] === 1 ? this.dataset[`${words}One`] : undefined;
    return Object.entries(places).reduce(
      (text, [name, number]) => text.replace(`{${name}}`, GROUPED.format(number)),
      one ?? this.dataset[words] ?? "",
    );
  }

  #show(text: string): void {
    const said = this.querySelector("[data-q-said]");
    if (said) {
      said.textContent = text;
    }
  }
}

/** How far a key moves, down and to the right; null where it means something within the cell. */
function steps(event: KeyboardEvent, cell: Cell): readonly [number, number] | null {
  switch (event.key) {
    case "Enter":
      return cell instanceof HTMLTextAreaElement ? null : [event.shiftKey ? -1 : 1, 0];
    case "ArrowDown":
      return cell instanceof HTMLInputElement ? [1, 0] : null;
    case "ArrowUp":
      return cell instanceof HTMLInputElement ? [-1, 0] : null;
    case "ArrowRight":
      return !event.shiftKey && atEdge(cell, 1) ? [0, 1] : null;
    case "ArrowLeft":
      return !event.shiftKey && atEdge(cell, -1) ? [0, -1] : null;
    default:
      return null;
  }
}
