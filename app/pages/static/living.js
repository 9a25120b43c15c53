// Where a page offers the moving portrait as a link, scripts make it a switch that moves it in its frame.
"use strict";
for (const link of document.querySelectorAll("a[data-living]")) {
  const place = document.getElementById(link.dataset.living);
  if (!place) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = link.textContent;
  button.setAttribute("aria-pressed", "false");
  let frame = null;
  button.addEventListener("click", () => {
    if (frame) {
      frame.remove();
      frame = null;
    } else {
      frame = document.createElement("iframe");
      frame.setAttribute("sandbox", "allow-scripts");
      frame.setAttribute("aria-hidden", "true");
      frame.tabIndex = -1;
      frame.title = "Living portrait";
      frame.src = link.href;
      place.append(frame);
    }
    button.setAttribute("aria-pressed", String(frame !== null));
  });
  link.replaceWith(button);
}
