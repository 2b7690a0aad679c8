/** Edits of cells that can be undone, one after another, also where many cells changed at once. */
import { put, textOf, type Cell } from "./project_cells";

interface Change {
  readonly cell: Cell;
  readonly before: string;
  readonly after: string;
}

const LONGEST = 200;

export class History {
  #done: Change[][] = [];
  #undone: Change[][] = [];
  #known = new Map<Cell, string>();

  /** Forgets everything: what stands in the cells now is where it begins. */
  begin(cells: Iterable<Cell>): void {
    this.#done = [];
    this.#undone = [];
    this.#known = new Map([...cells].map((cell) => [cell, textOf(cell)]));
  }

  /** Notes what changed in these cells since it was last noted; returns how many did. */
  note(cells: Iterable<Cell>): number {
    const changes: Change[] = [];
    for (const cell of cells) {
      const before = this.#known.get(cell) ?? "";
      const after = textOf(cell);
      if (before !== after) {
        changes.push({ cell, before, after });
        this.#known.set(cell, after);
      }
    }
    if (changes.length > 0) {
      this.#done = [...this.#done.slice(1 - LONGEST), changes];
      this.#undone = [];
    }
    return changes.length;
  }

  undo(): readonly Cell[] {
    return this.#back(this.#done, this.#undone, "before");
  }

  redo(): readonly Cell[] {
    return this.#back(this.#undone, this.#done, "after");
  }

  #back(from: Change[][], to: Change[][], which: "before" | "after"): readonly Cell[] {
    const changes = from.pop();
    if (!changes) {
      return [];
    }
    for (const change of changes) {
      put(change.cell, change[which]);
      this.#known.set(change.cell, change[which]);
    }
    to.push(changes);
    return changes.map(({ cell }) => cell);
  }
}
