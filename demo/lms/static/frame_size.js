// Makes the frame as high as the tool asks for by `lti.frameResize`; anybody else's message is ignored.
const frame = document.getElementById("launch");
const LEAST = 320;
const MOST = 6000;

window.addEventListener("message", (event) => {
  if (event.source !== frame.contentWindow || event.origin !== frame.dataset.toolOrigin) return;
  if (event.data === null || typeof event.data !== "object" || event.data.subject !== "lti.frameResize") return;
  const height = Number(event.data.height);
  if (Number.isFinite(height)) frame.style.height = `${Math.min(Math.max(height, LEAST), MOST)}px`;
});
