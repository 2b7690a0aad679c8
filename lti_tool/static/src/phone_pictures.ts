/** The photos of an observation: taken with the camera, drawn anew without their location, shown small. */
import { keeping, type App } from "./phone_app";
import { button, h, icon } from "./phone_dom";
import { MOST_PHOTOS, NotAPhotoError, photoOf } from "./phone_photos";
import type { Draft } from "./phone_types";
import { _ } from "./phone_words";

/** Photos that are being drawn, by draft: whether all of them came, once they have. */
const drawing = new WeakMap<Draft, Promise<boolean>>();

/** Waits for the photos of a draft that are still being drawn; says whether all of them came. */
export function photosDrawn(draft: Draft): Promise<boolean> {
  return drawing.get(draft) ?? Promise.resolve(true);
}

export function photosOf(app: App, draft: Draft): HTMLElement {
  const list = h("ul", { class: "q-list q-phone-photos" });
  const said = h("p", { class: "q-error", role: "alert", hidden: true });
  const input = h("input", {
    type: "file", accept: "image/*", capture: "environment", class: "q-visually-hidden", id: "photo",
    change: () => take(),
  });
  const label = h("label", { class: "q-button q-phone-camera", for: "photo" }, icon("camera"), _("Take a photo"));

  /** Draws one photo after the other: a phone has not the room to draw several at once. */
  function take(): void {
    const file = input.files?.[0];
    input.value = "";
    if (!file) return;
    const work = photosDrawn(draft).then(async (areThere) => (await taken(file)) && areThere);
    drawing.set(draft, work);
    void work.finally(() => {
      if (drawing.get(draft) === work) drawing.delete(draft);
    });
  }

  async function taken(file: File): Promise<boolean> {
    if (draft.photos.length >= MOST_PHOTOS) return true;
    said.hidden = true;
    label.setAttribute("aria-busy", "true");
    try {
      const photo = await photoOf(file);
      return await keeping(app, () => app.phone.addPhoto(draft, photo));
    } catch (error) {
      if (!(error instanceof NotAPhotoError)) console.error(error);
      said.textContent = _("This phone cannot read that file as a photo. Take a new one, or choose a JPEG.");
      said.hidden = false;
      return false;
    } finally {
      label.removeAttribute("aria-busy");
      await show();
    }
  }

  async function show(): Promise<void> {
    const pictures = await Promise.all(draft.photos.map((name, place) => picture(name, place)));
    list.replaceChildren(...pictures);
    const isFull = draft.photos.length >= MOST_PHOTOS;
    input.disabled = isFull;
    label.hidden = isFull;
  }

  async function picture(name: string, place: number): Promise<HTMLElement> {
    const photo = await app.phone.photo(name);
    const words = _("Photo {number}", { number: place + 1 });
    const image = h("img", { alt: words, class: "q-phone-photo" });
    if (photo) {
      const address = URL.createObjectURL(photo.blob);
      image.addEventListener("load", () => URL.revokeObjectURL(address));
      image.src = address;
    }
    const remove = async (): Promise<void> => {
      await keeping(app, () => app.phone.removePhoto(draft, name));
      await show();
      (list.querySelector("button") ?? input).focus();
    };
    return h("li", {}, image, button(_("Remove"), () => void remove(), "quiet", { "aria-label": `${_("Remove")}: ${words}` }));
  }

  void show();
  return h("div", { class: "q-mark-row" },
    h("h2", { class: "q-mark-title" }, _("Photos")),
    h("p", { class: "q-small q-muted" }, _("Show the work, not people’s faces. Place and time are taken out of a photo before it is kept.")),
    list,
    h("div", { class: "q-phone-take" }, input, label),
    said);
}
