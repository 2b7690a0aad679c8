/** A table that comes from a spreadsheet: a chosen file is put into the field, where it can be read before it is sent. */

const LARGEST = 400_000;

export class QualoopImport extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("change", this.#onChange);
    this.addEventListener("click", this.#onClick);
  }

  disconnectedCallback(): void {
    this.removeEventListener("change", this.#onChange);
    this.removeEventListener("click", this.#onClick);
  }

  readonly #onChange = (event: Event): void => {
    const input = event.target;
    if (input instanceof HTMLInputElement && input.files?.[0]) {
      void this.#read(input.files[0], input);
    }
  };

  async #read(file: File, input: HTMLInputElement): Promise<void> {
    const isLarge = file.size > LARGEST;
    this.#say(isLarge);
    const field = this.#field();
    if (!isLarge && field) {
      field.value = decoded(await file.arrayBuffer());
      field.focus();
    }
    // The file is not sent itself, and the same one can be chosen again after it was mended.
    input.value = "";
  }

  /** The host takes forms up to a size: what is larger stays here, where nothing of it is lost. */
  readonly #onClick = (event: MouseEvent): void => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    const isLarge = new URLSearchParams({ csv: this.#field()?.value ?? "" }).toString().length > LARGEST;
    if (button) {
      this.#say(isLarge);
      if (isLarge) {
        event.preventDefault();
      }
    }
  };

  #field(): HTMLTextAreaElement | null {
    return this.querySelector<HTMLTextAreaElement>("[data-q-into]");
  }

  #say(isLarge: boolean): void {
    const said = this.querySelector<HTMLElement>("[data-q-said]");
    if (said) {
      said.hidden = !isLarge;
      said.textContent = isLarge ? (this.dataset["saidLarge"] ?? "") : "";
    }
  }
}

/** Excel in China saves CSV in GBK, elsewhere mostly in UTF-8. */
function decoded(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("gb18030").decode(bytes);
  }
}
