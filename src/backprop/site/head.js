// Stands in the head of every page and runs before anything is drawn.
{
  // The theme's own script runs last: it would correct an unset colour theme aloud, and only after
  // a first paint in the wrong one.
  const page = document.documentElement.dataset;
  page.mode ||= "auto";
  page.theme ||= matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";

  // Until page.js has laid the page out part by part; not where the browser goes to a place in it.
  const [visit] = performance.getEntriesByType("navigation");
  if (visit?.type === "navigate" && !location.hash) page.fresh = "";
}
