import type { Notice } from "../client/seat.ts";
import { h } from "./dom.ts";

const BOX = "[ ] ";

/** A notice word for word, as a document with headings; the lines to tick are left to the switches, in `ticks`. */
export function noticeView(notice: Notice): HTMLElement {
  const article = h("article", { class: "notice", part: "notice", lang: notice.language });
  if (told(notice) !== notice.text) {
    // Headings are worth less than the words themselves.
    article.append(...notice.text.split("\n").map((line) => h("p", {}, line)));
    return article;
  }
  const ticked = ticks(notice);
  notice.blocks.forEach((block, at) => {
    if (ticked !== undefined && block.name === "choice") return;
    const heading = h(at === 0 ? "h2" : "h3", {}, block.title);
    article.append(h("section", { class: at === 0 && "opening" }, heading, lines(block.lines)));
  });
  return article;
}

export interface Ticks {
  readonly title: string;
  /** What each modality's yes says, word for word. */
  readonly lines: ReadonlyMap<string, string>;
}

/** The notice's own lines to tick; undefined where they are not one for each modality. */
export function ticks(notice: Notice): Ticks | undefined {
  const block = notice.blocks.find((one) => one.name === "choice");
  if (block === undefined || told(notice) !== notice.text) return undefined;
  const fits = block.lines.length === notice.modalities.length && block.lines.every((line) => line.startsWith(BOX));
  if (!fits) return undefined;
  const lines = new Map(notice.modalities.map((modality, at) => [modality, block.lines[at]!.slice(BOX.length)]));
  return { title: block.title, lines };
}

/** The text that the blocks come to; it is this text whose hash stands in the record. */
function told(notice: Notice): string {
  return notice.blocks.map((block) => [block.title, ...block.lines].join("\n")).join("\n\n") + "\n";
}

function lines(all: readonly string[]): HTMLElement {
  return all.length === 1 ? h("p", {}, all[0]!) : h("ul", {}, ...all.map((line) => h("li", {}, line)));
}
