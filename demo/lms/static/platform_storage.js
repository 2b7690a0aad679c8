// Keeps data for the tool in the frame (1EdTech: LTI Client Side postMessages 0.1, LTI postMessage Storage 0.1), as
// long as this page is open. What one origin had kept, only that origin is told.
const tool = document.getElementById("launch");
const kept = new Map();
const MOST_KEYS = 100;
const LONGEST = 4096;

function put({ key, value }) {
  if (value === null || value === undefined) {
    kept.delete(key);
    return { key };
  }
  if (String(key).length + String(value).length > LONGEST || (kept.size >= MOST_KEYS && !kept.has(key))) {
    return { error: { code: "storage_exhaustion", message: "there is no room for more" } };
  }
  kept.set(key, value);
  return { key, value };
}

const ANSWERS = {
  "lti.capabilities": () => ({ supported_messages: Object.keys(ANSWERS).map((subject) => ({ subject })) }),
  "lti.put_data": put,
  "lti.get_data": ({ key }) => ({ key, value: kept.get(key) }),
};

window.addEventListener("message", (event) => {
  if (event.source !== tool.contentWindow || event.origin !== tool.dataset.toolOrigin) return;
  const asked = event.data;
  const answer = typeof asked?.subject === "string" && Object.hasOwn(ANSWERS, asked.subject) && ANSWERS[asked.subject];
  if (!answer || typeof asked.message_id !== "string") return;
  const { subject, message_id } = asked;
  event.source.postMessage({ subject: `${subject}.response`, message_id, ...answer(asked) }, event.origin);
});
