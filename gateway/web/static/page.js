// Three things for people who are signed in: cover the page when they turn away, end it when they are gone, and follow progress.
const AWAY_MS = 60 * 1000, GONE_MS = 10 * 60 * 1000, ASK_MS = 2000, AGAIN_MS = 3000;
const cover = document.querySelector(".cover");
let last = Date.now();

function hide() {
  document.documentElement.classList.add("covered");
  cover.hidden = false;
}

function show() {
  document.documentElement.classList.remove("covered");
  cover.hidden = true;
  last = Date.now();
}

if (cover) {
  window.addEventListener("blur", hide);
  document.addEventListener("visibilitychange", () => document.hidden && hide());
  cover.querySelector("button").addEventListener("click", show);
  for (const event of ["pointerdown", "pointermove", "keydown", "scroll"]) {
    document.addEventListener(event, () => { if (cover.hidden) last = Date.now(); }, { passive: true });
  }
  setInterval(() => {
    const idle = Date.now() - last;
    if (idle > GONE_MS) location.replace("/");
    else if (idle > AWAY_MS) hide();
  }, 1000);
  // A page from the browser's memory may show what the next person at this screen must not see.
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}

// A second press on the same button sends nothing: the first one counts.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
  setTimeout(() => delete event.target.dataset.sent, AGAIN_MS);
});

const progress = document.querySelector("[data-progress]");

async function follow() {
  const answer = await fetch(progress.dataset.progress, { headers: { Accept: "application/json" } }).catch(() => null);
  if (answer?.status === 401) return location.replace("/");
  if (answer?.ok) {
    const { asked, left } = await answer.json();
    if (!left) return location.reload();
    progress.querySelector("[data-left]").textContent = left;
    const bar = progress.querySelector("progress");
    bar.max = asked;
    bar.value = asked - left;
  }
  setTimeout(follow, ASK_MS);
}

if (progress) setTimeout(follow, ASK_MS);
