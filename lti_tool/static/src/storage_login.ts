/** The page of a login in a frame without cookies: has the platform keep the login's secret, then goes on to it. */
import { PlatformStorage, StorageError } from "./storage_messages";
import { StoragePage } from "./storage_page";

async function keep(page: StoragePage): Promise<void> {
  try {
    const storage = await PlatformStorage.open(page.said("target"), page.said("origin"));
    await storage.put(`state_${page.said("state")}`, page.said("secret"));
    await storage.put(`nonce_${page.said("nonce")}`, page.said("nonce"));
    location.replace(page.said("next"));
  } catch (error) {
    page.fail(error instanceof StorageError ? error.failure : "silent");
  }
}

const page = StoragePage.find();
if (page) {
  void keep(page);
}
