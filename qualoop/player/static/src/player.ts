/** The one script of an activity's page: makes `<qualoop-activity>` work without reloading the page. */
import { QualoopActivity } from "./activity";

const TAG = "qualoop-activity";

if (!customElements.get(TAG)) {
  customElements.define(TAG, QualoopActivity);
}
