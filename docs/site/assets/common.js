// What Material leaves without a name for those who hear the page; and links into folded parts.
"use strict";
document.querySelector(".md-search")?.setAttribute("aria-label", "Search");

function unfold() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
}
addEventListener("hashchange", unfold);
unfold();
