// Tells the platform that the registration is over (LTI Dynamic Registration 1.0, 3.7): to its origin alone.
for (const button of document.querySelectorAll("button[data-close-origin]")) {
  const platform = window.opener ?? (window.parent === window ? null : window.parent);
  if (platform === null) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    platform.postMessage({ subject: "org.imsglobal.lti.close" }, button.dataset.closeOrigin);
  });
}
