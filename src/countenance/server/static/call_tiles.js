// The people of a call as tiles: a picture, or the first letter of the name, and the name always.
import { h, say } from "./dom.js";
import { t } from "./words.js";

/** Tiles by participant; the own one comes first. */
export class Tiles {
  #list;
  #alone;
  #tiles = new Map();

  constructor(list, alone) {
    this.#list = list;
    this.#alone = alone;
  }

  add(id, name, own = false) {
    if (this.#tiles.has(id)) return;
    const video = h("video", { autoplay: true, playsinline: true, "aria-label": t("Picture of {name}", { name }) });
    // Otherwise people would hear themselves.
    video.muted = own;
    const caption = h("span.caption", {}, name);
    const element = h(own ? "li.tile.own" : "li.tile", { dataset: { participant: id } }, h("span.initial", { "aria-hidden": "true" }, name.slice(0, 1).toUpperCase()), video, caption);
    const seen = () => element.classList.toggle("seen", video.videoWidth > 0 && !element.dataset.dark);
    video.addEventListener("resize", seen);
    video.addEventListener("loadeddata", seen);
    this.#tiles.set(id, { element, video, caption, name, seen, on: { camera: true, microphone: true } });
    this.#list.append(element);
    this.#alone.hidden = this.#tiles.size > 1;
    if (!own) say(t("{name} is here.", { name }));
  }

  show(id, stream) {
    const tile = this.#tiles.get(id);
    if (!tile || tile.video.srcObject === stream) return;
    tile.video.srcObject = stream;
    tile.video.play().catch((fault) => fault.name === "NotAllowedError" && this.#ask(tile));
  }

  /** Whether somebody's camera and microphone are on. */
  state(id, on) {
    const tile = this.#tiles.get(id);
    if (!tile) return;
    Object.assign(tile.on, on);
    tile.element.dataset.dark = tile.on.camera ? "" : "yes";
    tile.video.hidden = !tile.on.camera;
    tile.seen();
    tile.caption.textContent = tile.on.microphone ? tile.name : t("{name}, muted", { name: tile.name });
  }

  remove(id) {
    const tile = this.#tiles.get(id);
    if (!tile) return;
    tile.element.remove();
    this.#tiles.delete(id);
    this.#alone.hidden = this.#tiles.size > 1;
    say(t("{name} has left.", { name: tile.name }));
  }

  /** Browsers play sound only after somebody has touched the page. */
  #ask(tile) {
    const button = h("button", { type: "button", onclick: () => tile.video.play().then(() => button.remove()) }, t("Play"));
    tile.element.append(button);
  }
}
