// Position in the call: a slider, and the operator's own recording where one is kept. Nothing is recorded by this service.
import { as } from "./api.js";
import { h } from "./dom.js";
import { clock, t } from "./words.js";

const byId = (id) => document.getElementById(id);
const MOST_BYTES = 300e6;

/** `seek(seconds)`, `now()`; `moved(seconds)` is called with every change. */
export async function player(data, moved) {
  const [slider, play, shown] = [byId("position"), byId("play"), byId("now")];
  slider.max = String(data.duration_s);
  byId("end").textContent = clock(data.duration_s);
  const words = byId("media-words");
  let media = null;

  function set(seconds) {
    slider.value = String(seconds);
    slider.setAttribute("aria-valuetext", clock(seconds));
    shown.textContent = clock(seconds);
    moved(seconds);
  }
  function seek(seconds) {
    const to = Math.min(data.duration_s, Math.max(0, seconds));
    if (media) media.currentTime = to;
    set(to);
  }
  slider.addEventListener("input", () => seek(Number(slider.value)));
  byId("back").addEventListener("click", () => seek(Number(slider.value) - 5));
  byId("forward").addEventListener("click", () => seek(Number(slider.value) + 5));
  set(0);

  if (!data.beside?.media) {
    words.textContent = t("Picture and sound were not kept. Move through the call by its readings and events.");
  } else {
    const found = await fetched(`${data.base}/media`);
    if (found === null) words.textContent = t("The recording cannot be played here.");
    else {
      media = h(data.beside.media.startsWith("video/") ? "video" : "audio", { preload: "auto" });
      media.src = URL.createObjectURL(found);
      byId("stage").append(media);
      words.textContent = t("A recording that your organisation keeps itself, under a consent of its own.");
      play.hidden = false;
      play.addEventListener("click", () => (media.paused ? media.play() : media.pause()));
      for (const kind of ["play", "pause"]) media.addEventListener(kind, () => { play.textContent = media.paused ? t("Play") : t("Pause"); });
      media.addEventListener("timeupdate", () => !media.paused && set(media.currentTime));
    }
  }
  return { seek, now: () => Number(slider.value), media: () => media };
}

/** The recording as this page may have it: a media element of its own could not say as whom it asks. */
async function fetched(path) {
  const answer = await fetch(path, { headers: as ? { "x-countenance-as": as } : {} });
  const size = Number(answer.headers.get("content-length") ?? 0);
  return answer.ok && size <= MOST_BYTES ? answer.blob() : null;
}
