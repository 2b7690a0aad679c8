/**
 * The page of a launch in a frame without cookies: asks the platform for the secret of the login, brings it with the
 * launch, and stays to draw the pages that follow, since only its memory has the bearer.
 */
import { BearerPages } from "./storage_bearer";
import { PlatformStorage, StorageError } from "./storage_messages";
import { StoragePage } from "./storage_page";

async function open(page: StoragePage): Promise<void> {
  const state = page.said("state");
  try {
    const storage = await PlatformStorage.open(page.said("target"), page.said("origin"));
    const secret = await storage.get(`state_${state}`);
    if (secret === null) {
      page.fail("absent");
      return;
    }
    storage.forget(`state_${state}`);
    await launch(page, { id_token: page.said("idToken"), state, secret });
  } catch (error) {
    page.fail(error instanceof StorageError ? "silent" : "network");
  }
}

async function launch(page: StoragePage, fields: Record<string, string>): Promise<void> {
  const response = await fetch(page.said("next"), { method: "POST", body: new URLSearchParams(fields) });
  const pages = new BearerPages();
  if (response.ok) {
    const opened = (await response.json()) as { readonly bearer: string; readonly url: string };
    await pages.begin(opened.bearer, opened.url);
  } else {
    await pages.show(await response.text());
  }
}

const page = StoragePage.find();
if (page) {
  void open(page);
}
