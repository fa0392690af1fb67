// Runs on every page once it is there.
(() => {
"use strict";

/** A formula or a picture that is too wide scrolls in its box, which the keyboard must then reach. */
const boxes = new ResizeObserver((changes) => {
  for (const { target: box } of changes) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
});

/** Paper is white: while a page is printed it is set in the light theme. */
const page = document.documentElement.dataset;
let theme = page.theme;
addEventListener("beforeprint", () => {
  theme = page.theme;
  page.theme = "light";
});
addEventListener("afterprint", () => {
  page.theme = theme;
});

/**
 * What lay below the window was not laid out with the rest; now it is, a section in each frame. The
 * scripts of the theme measure the whole page, so they come when that is cheap.
 */
const waiting = [...document.querySelectorAll("[data-fresh] .bd-article > section > section")];
const layOutNext = () => {
  const section = waiting.shift();
  if (!section) return runLateScripts();
  section.dataset.laidOut = "";
  requestAnimationFrame(() => setTimeout(layOutNext));
};
addEventListener("load", () => setTimeout(layOutNext));

const runLateScripts = async () => {
  const late = document.getElementById("late-scripts")?.content.children ?? [];
  const ran = [...late].map((inert) => {
    const script = document.createElement("script");
    Object.assign(script, { src: inert.getAttribute("src"), async: false });
    document.body.append(script);
    return new Promise((done) => (script.onload = script.onerror = done));
  });
  await Promise.all(ran);
  delete page.fresh;
};

/** The script of these buttons copies by way of a field of its own, and leaves the focus nowhere. */
document.addEventListener("click", (event) => {
  // the path from before the click: the sign in the button has changed since
  event.composedPath().find((element) => element.matches?.(".copybtn"))?.focus();
});

/** The buttons of folds would all be read out by one name; each gets the title it stands in. */
addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll(".toggle-button")) {
    button.ariaLabel = button.parentElement.textContent.trim();
  }
});

/** On a small window the contents lie over the text: whoever has chosen a place wants to see it. */
document.getElementById("pst-secondary-sidebar-modal")?.addEventListener("click", (event) => {
  if (event.target.closest("a")) event.currentTarget.close();
});

const wide = 'mjx-container[display="true"], .cell_output:has(> img)';
document.querySelectorAll(wide).forEach((box) => boxes.observe(box));
})();
