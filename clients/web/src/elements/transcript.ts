import type { Api } from "../client/api.ts";
import { followWords, type Said } from "../client/words.ts";
import { arrange, h, write } from "./dom.ts";

const LINES = 4;

/** The last of what was said: by the service where it has words of the call, else by captions of the page around. */
export class Transcript {
  readonly node = h("ol", { class: "said", part: "transcript", hidden: true });
  #said: readonly Said[] = [];
  #lines = new Map<string, HTMLElement>();
  #following: AbortSignal | undefined;

  /** A caption of the page around; once the service has words of the call, those alone are shown. */
  hear(name: string, text: string): void {
    if (this.#lines.size > 0) return;
    this.node.append(lineView(name, text));
    while (this.node.children.length > LINES) this.node.firstElementChild!.remove();
    this.node.hidden = false;
  }

  /** Take what the service has, until it is `over`; it is seen with the next `show`. */
  follow(api: Api, call: string, over: AbortSignal): void {
    if (this.#following === over) return;
    this.#following = over;
    followWords(api, call, (said) => (this.#said = said.slice(-LINES)), over);
  }

  /** Lines that stand already stay as they are: whoever reads one keeps their place. */
  show(nameOf: (id: string) => string): void {
    if (this.#said.length === 0 && this.#lines.size === 0) return;
    const before = this.#lines;
    this.#lines = new Map(
      this.#said.map((one) => {
        const key = `${one.participant_id} ${one.start_us}`;
        const line = before.get(key) ?? lineView(nameOf(one.participant_id), one.text);
        write(line.lastElementChild!, one.text);
        return [key, line];
      }),
    );
    arrange(this.node, [...this.#lines.values()]);
    this.node.hidden = this.#lines.size === 0;
  }

  clear(): void {
    this.#said = [];
    this.#lines.clear();
    this.node.replaceChildren();
    this.node.hidden = true;
  }
}

function lineView(name: string, text: string): HTMLElement {
  return h("li", {}, h("strong", {}, `${name}: `), h("span", {}, text));
}
