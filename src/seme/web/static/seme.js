"use strict";
// Everything here also works without it, by forms and links.
const acts = document.getElementById("acts");

acts.addEventListener("submit", async (event) => {
  const button = event.submitter;
  event.preventDefault();
  button.disabled = true;
  const sent = new FormData(acts);
  sent.append(button.name, button.value);
  try {
    const answer = await fetch(button.formAction, {
      method: "POST",
      body: new URLSearchParams(sent),
      headers: { Accept: "application/json" },
    });
    if (!answer.ok) { location.reload(); return; }
    const facts = await answer.json();
    const vote = button.name === "up";
    const on = vote ? facts.voted : facts.saved;
    button.setAttribute("aria-pressed", String(on));
    button.value = on ? "0" : "1";
    if (vote) button.querySelector("b").textContent = facts.votes;
    else button.textContent = on ? "Saved" : "Save";
  } catch { location.reload(); }
  finally { button.disabled = false; }
});

const box = document.getElementById("q");
const list = document.getElementById("suggestions");
let waiting = 0;
let asked = null;
box.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(suggest, 180);
});
async function suggest() {
  const text = box.value.trim();
  if (asked) asked.abort();
  if (text.length < 3) { list.hidden = true; return; }
  asked = new AbortController();
  try {
    const answer = await fetch("/api/papers/search?limit=6&q=" + encodeURIComponent(text), { signal: asked.signal });
    if (!answer.ok) return;
    const found = await answer.json();
    list.replaceChildren(...found.map((entry) => {
      const link = document.createElement("a");
      link.href = "/papers/" + encodeURI(entry.paper.id);
      link.textContent = entry.title;
      return link;
    }));
    list.hidden = found.length === 0;
  } catch { /* a newer question took its place */ }
}
document.addEventListener("click", (event) => { if (!list.contains(event.target)) list.hidden = true; });

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") { list.hidden = true; document.activeElement.blur(); return; }
  if (event.target.matches("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
  const cards = [...document.querySelectorAll(".card")];
  const at = cards.indexOf(document.activeElement.closest(".card"));
  if (event.key === "/") { event.preventDefault(); box.focus(); box.select(); }
  else if (event.key === "j" || event.key === "k") {
    const next = cards[Math.min(cards.length - 1, Math.max(0, at + (event.key === "j" ? 1 : -1)))];
    if (next) { next.focus(); next.scrollIntoView({ block: "center" }); }
  } else if (event.key === "s") (cards[at] || cards[0])?.querySelector(".keep")?.click();
  else if (event.key === "v") (cards[at] || cards[0])?.querySelector(".vote")?.click();
  else if (event.key === "Enter" && document.activeElement.matches(".card")) document.activeElement.querySelector("h2 a")?.click();
});
