// Goes on when the tool in the frame says that the registration is over (LTI Dynamic Registration 1.0, 3.7).
const frame = document.getElementById("registration");

window.addEventListener("message", (event) => {
  if (event.source !== frame.contentWindow || event.origin !== frame.dataset.toolOrigin) return;
  if (event.data?.subject === "org.imsglobal.lti.close") window.location.href = frame.dataset.next;
});
