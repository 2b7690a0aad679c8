/**
 * Photos, drawn anew on the phone: a picture that a canvas makes has no place, no time and no camera in it. Smaller, too.
 */
import { sha256 } from "./phone_keys";
import type { Photo } from "./phone_types";

const LONGEST = 1_600;
const QUALITIES = [0.85, 0.7, 0.5];
const MOST_BYTES = 2 * 1024 * 1024;
export const MOST_PHOTOS = 4;
export const PHOTO_TYPE = "image/jpeg";

/** The file is no picture that this phone can read. */
export class NotAPhotoError extends Error {}

export async function photoOf(file: Blob): Promise<Photo> {
  const picture = await decoded(file);
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const drawing = canvas.getContext("2d");
  if (!drawing) throw new NotAPhotoError();
  drawing.fillStyle = "#fff";
  drawing.fillRect(0, 0, canvas.width, canvas.height);
  drawing.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const blob = await encoded(canvas);
  return { sha256: await sha256(blob), blob };
}

async function decoded(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new NotAPhotoError();
  }
}

async function encoded(canvas: HTMLCanvasElement): Promise<Blob> {
  let best: Blob | null = null;
  for (const quality of QUALITIES) {
    best = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, PHOTO_TYPE, quality));
    if (best && best.size <= MOST_BYTES) break;
  }
  if (!best) throw new NotAPhotoError();
  return best;
}
