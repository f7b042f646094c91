// Keeps one moment of the call in view: across all lanes, in the time axis, in the transcript.
const data = JSON.parse(document.getElementById("data").textContent);
const timeline = document.getElementById("timeline");
const slider = document.getElementById("slider");
const readout = document.getElementById("readout");
const now = document.getElementById("now");
const transcript = document.getElementById("transcript");
const lines = [...document.querySelectorAll("button.line")];
const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
let pinned = 0;

const clock = (seconds) => {
  const whole = Math.floor(seconds + 1e-6);
  const parts = [Math.floor(whole / 60) % 60, String(whole % 60).padStart(2, "0")];
  const hours = Math.floor(whole / 3600);
  return hours ? [hours, String(parts[0]).padStart(2, "0"), parts[1]].join(":") : parts.join(":");
};

const within = (runs, at) => runs.find(([start, end]) => start <= at && at < end);

const sentence = (at) => {
  const said = data.people.map((one) => `${one.name}: ${within(one.runs, at)?.[2] ?? "no reading"}.`);
  const speaking = data.turns.filter(([start, end]) => start <= at && at < end).map((turn) => turn[2]);
  if (data.turns.length) said.push(speaking.length ? `Speaking: ${speaking.join(", ")}.` : "Nobody is speaking.");
  return said.join(" ");
};

const follow = (line) => {
  const box = transcript.getBoundingClientRect();
  const place = line.getBoundingClientRect();
  if (place.top < box.top) transcript.scrollTop += place.top - box.top;
  if (place.bottom > box.bottom) transcript.scrollTop += place.bottom - box.bottom;
};

const show = (seconds) => {
  const at = Math.min(Math.max(0, seconds), data.seconds);
  timeline.style.setProperty("--now", data.seconds ? at / data.seconds : 0);
  now.textContent = clock(at);
  readout.textContent = sentence(at);
  slider.setAttribute("aria-valuenow", at.toFixed(1));
  slider.setAttribute("aria-valuetext", `${clock(at)}. ${readout.textContent}`);
  const current = lines.filter((line) => Number(line.dataset.at) <= at && at < Number(line.dataset.until));
  for (const line of lines) {
    if (current.includes(line)) line.setAttribute("aria-current", "true");
    else line.removeAttribute("aria-current");
  }
  if (current.length) follow(current[0]);
};

const pin = (seconds) => {
  pinned = Math.min(Math.max(0, seconds), data.seconds);
  show(pinned);
};

const timeUnder = (event, plot) => {
  const box = plot.getBoundingClientRect();
  return ((event.clientX - box.left) / box.width) * data.seconds;
};

for (const plot of document.querySelectorAll(".plot")) {
  plot.addEventListener("pointermove", (event) => show(timeUnder(event, plot)));
  plot.addEventListener("pointerleave", () => show(pinned));
  plot.addEventListener("click", (event) => {
    if (!event.target.closest("[data-at]")) pin(timeUnder(event, plot));
  });
}

slider.addEventListener("keydown", (event) => {
  const step = STEPS[event.key];
  const edge = { Home: 0, End: data.seconds }[event.key];
  if (step === undefined && edge === undefined) return;
  event.preventDefault();
  pin(edge ?? pinned + step);
});

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-at]");
  if (!target) return;
  pin(Number(target.dataset.at));
  if (timeline.contains(target)) return;
  timeline.scrollIntoView({ block: "start" });
  slider.focus({ preventScroll: true });
});

pin(0);
