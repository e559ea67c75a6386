"use strict";
// Everything here also works without it, by forms and links.
const acts = document.getElementById("acts");

acts.addEventListener("submit", async (event) => {
  const button = event.submitter;
  if (!button?.matches(".vote, .keep")) return;
  event.preventDefault();
  const held = document.activeElement === button;
  button.disabled = true;
  const sent = new URLSearchParams(new FormData(acts));
  sent.append(button.name, button.value);
  try {
    const answer = await fetch(button.formAction, { method: "POST", body: sent, headers: { Accept: "application/json" } });
    if (answer.status === 401) location.assign("/sign-in");
    else if (answer.ok) show(button, await answer.json());
    else location.reload();
  } catch { location.reload(); }
  finally {
    button.disabled = false;
    if (held) button.focus({ preventScroll: true });
  }
});
function show(button, facts) {
  const vote = button.name === "up";
  const on = vote ? facts.voted : facts.saved;
  button.setAttribute("aria-pressed", String(on));
  button.value = on ? "0" : "1";
  if (vote) button.firstElementChild.textContent = facts.votes;
  else button.textContent = on ? "Saved" : "Save";
}

const box = document.getElementById("q");
const list = document.getElementById("suggestions");
const found = document.getElementById("found");
let waiting = 0;
let asked = null;
box.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(list ? suggest : search, 180);
});
if (list) {
  list.parentElement.addEventListener("keydown", (event) => {
    const places = [box, ...list.children];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || list.hidden) return;
    event.preventDefault();
    places[(places.indexOf(document.activeElement) + step + places.length) % places.length].focus();
  });
  document.addEventListener("click", (event) => { if (!list.contains(event.target)) list.hidden = true; });
}
async function suggest() {
  const text = box.value.trim();
  asked?.abort();
  if (text.length < 3) { list.hidden = true; return; }
  asked = new AbortController();
  try {
    const answer = await fetch("/api/papers/search?limit=6&q=" + encodeURIComponent(text), { signal: asked.signal });
    if (!answer.ok) return;
    const hits = await answer.json();
    list.replaceChildren(...hits.map((entry) => {
      const link = document.createElement("a");
      link.href = "/papers/" + entry.paper.id.split("/").map(encodeURIComponent).join("/");
      link.textContent = entry.title;
      return link;
    }));
    list.hidden = hits.length === 0;
  } catch { /* a newer question took its place */ }
}

// On the search page itself the hits change while one types.
async function search() {
  asked?.abort();
  asked = new AbortController();
  const fields = [...new FormData(box.form)].filter(([, value]) => value && value !== "0");
  const address = "/search?" + new URLSearchParams(fields);
  try {
    const answer = await fetch(address, { signal: asked.signal });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    found.replaceChildren(...page.getElementById("found").childNodes);
    document.title = page.title;
    acts.elements.back.value = address;
    history.replaceState(null, "", address);
  } catch { /* a newer question took its place */ }
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    if (list) list.hidden = true;
    document.activeElement.blur();
    return;
  }
  if (event.target.matches("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
  const cards = [...document.querySelectorAll(".card")];
  const at = cards.indexOf(document.activeElement.closest(".card"));
  const paper = cards[at] || cards[0] || document.querySelector(".paper");
  if (event.key === "/") { event.preventDefault(); box.focus(); box.select(); }
  else if (event.key === "j" || event.key === "k") move(cards, at + (event.key === "j" ? 1 : -1));
  else if (event.key === "s") paper?.querySelector(".keep")?.click();
  else if (event.key === "v") paper?.querySelector(".vote")?.click();
  else if (event.key === "Enter" && document.activeElement.matches(".card")) paper.querySelector("h2 a").click();
});
function move(cards, wanted) {
  const next = cards[Math.min(cards.length - 1, Math.max(0, wanted))];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "center" });
}
