/** The one script of an activity's page: makes `<qualoop-activity>` work without reloading the page. */
import { QualoopActivity } from "./activity";
import { QualoopChats } from "./project_chats";
import { QualoopGrid } from "./project_grid";
import { QualoopImport } from "./project_import";
import { QualoopSheet } from "./project_sheet";

const ELEMENTS = {
  "qualoop-activity": QualoopActivity,
  "qualoop-chats": QualoopChats,
  "qualoop-grid": QualoopGrid,
  "qualoop-import": QualoopImport,
  "qualoop-sheet": QualoopSheet,
};

for (const [tag, element] of Object.entries(ELEMENTS)) {
  if (!customElements.get(tag)) {
    customElements.define(tag, element);
  }
}
