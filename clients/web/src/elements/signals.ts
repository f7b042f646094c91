import type { Api } from "../client/api.ts";
import { type CallEvent, participantOf } from "../client/events.ts";
import { ProblemError } from "../client/problem.ts";
import { type Modality, type Register, Seat, type Standing } from "../client/seat.ts";
import { EventStream, type StreamState } from "../client/stream.ts";
import { modalityWord, reason } from "../reading/estimate.ts";
import { COACH } from "./coach.css.ts";
import { h, write } from "./dom.ts";
import { PersonView } from "./person.ts";
import { Piece } from "./piece.ts";
import { save, timeOf } from "./receipts.ts";
import { SIGNALS } from "./signals.css.ts";

/**
 * `<countenance-signals>`: the badge of a person on the call: what is on, *pause*, *stop*, *stop and delete*, and their own
 * signals, which nobody else sees here. Tells `countenance-paused`, `-resumed`, `-withdrawn` and `-erased`.
 */
export class SignalsElement extends Piece {
  #seat: Seat | undefined;
  #view: PersonView | undefined;
  #on: readonly string[] = [];
  readonly #badge = h("p", { class: "badge", role: "status", part: "badge" });
  readonly #senses = h("ul", { class: "senses" });
  readonly #ways = h("div", { class: "ways" });
  readonly #sure = h("div");
  readonly #said = h("p", { class: "soft", part: "said", role: "status" });
  readonly #stream = h("p", { class: "soft" });
  readonly #own = h("ul", { class: "own", hidden: true });

  constructor() {
    super(COACH + SIGNALS);
  }

  protected start(api: Api, over: AbortSignal): void {
    this.#seat = new Seat(api, this.call, this.participant);
    this.#view = new PersonView(this.words, this.language);
    this.#draw(this.#view, api);
    const stream = new EventStream(api, {
      call: this.call,
      samples: true,
      onEvent: (event) => this.#take(event, over),
      onState: (state) => this.#stands(state, over),
    });
    over.addEventListener("abort", () => stream.close());
    // What is on is said at once, whether or not a line for news can be had.
    void this.#look(over);
  }

  #draw(view: PersonView, api: Api): void {
    const words = this.words.own;
    view.named(words.mine);
    view.unread(this.words.reading.none);
    this.#own.replaceChildren(view.node, h("li", { class: "soft" }, words.private));
    const toggle = h(
      "button",
      { type: "button", class: "plain", "aria-expanded": "false", onclick: () => open() },
      words.show,
    );
    const open = (): void => {
      this.#own.hidden = !this.#own.hidden;
      toggle.setAttribute("aria-expanded", String(!this.#own.hidden));
      write(toggle, this.#own.hidden ? words.show : words.hide);
    };
    this.#own.hidden = true;
    this.#sure.replaceChildren();
    const reminder = this.reminder(api);
    const parts = [
      this.#badge,
      this.#stream,
      this.#senses,
      this.#ways,
      this.#sure,
      this.#said,
      toggle,
      this.#own,
      reminder,
    ];
    this.root.replaceChildren(this.frame("signals", ...parts));
  }

  #stands(state: StreamState, over: AbortSignal): void {
    write(this.#stream, state.name === "open" ? "" : this.words.stream[state.name]);
    if (state.name === "open") void this.#look(over);
    if (state.name === "refused") this.#failed(state.error);
  }

  #take(event: CallEvent, over: AbortSignal): void {
    if (participantOf(event.envelope) !== this.participant) return;
    if (event.kind === "consent") void this.#look(over);
    if (event.kind === "sample" && this.#on.length > 0) this.#view!.shown(event.envelope.data, false);
  }

  async #look(over: AbortSignal): Promise<void> {
    try {
      const standing = await this.#seat!.standing();
      if (!over.aborted) this.#show(standing);
    } catch (fault) {
      if (!over.aborted) this.#failed(fault);
    }
  }

  #show({ modalities, paused }: Register): void {
    const words = this.words;
    this.#on = modalities.filter((one) => one.readable).map((one) => one.modality);
    const names = this.#on.map((name) => modalityWord(name, words));
    const list = new Intl.ListFormat(this.language, { type: "conjunction" }).format(names);
    write(this.#badge, paused ? words.own.paused : names.length > 0 ? words.own.isOn(list) : words.own.nothingOn);
    this.#badge.classList.toggle("on", names.length > 0);
    this.#senses.replaceChildren(...modalities.map((one) => this.#sense(one)));
    const given = modalities.some((one) => one.answer?.status === "given");
    const button = (part: string, text: string, act: (made: HTMLButtonElement) => void): HTMLButtonElement => {
      const made = h(
        "button",
        { type: "button", part, class: part === "erase" && "grave", onclick: () => act(made) },
        text,
      );
      return made;
    };
    const pause = button(
      "pause",
      paused ? words.own.resume : words.own.pause,
      (made) => void this.#pause(made, paused),
    );
    const stop = button("stop", words.consent.stop, (made) => void this.#stop(made));
    const erase = button("erase", words.own.erase, (made) => this.#ask(made));
    this.#ways.replaceChildren(...(given ? [pause, stop, erase] : [erase]));
    if (names.length === 0) this.#view!.unread(words.reading.none);
  }

  #sense(one: Standing): HTMLElement {
    const words = this.words;
    const name = modalityWord(one.modality, words);
    const why = one.readable || one.why_not === null ? "" : `, ${reason(one.why_not.split(":")[0]!, words)}`;
    const stop = h(
      "button",
      {
        type: "button",
        onclick: () => void this.#stop(stop, one.modality as Modality),
        "aria-label": words.own.stop(name),
      },
      words.own.stopOne,
    );
    const text = `${name}: ${one.readable ? words.on : words.off}${why}`;
    return h("li", {}, h("span", { class: `chip ${one.readable ? "on" : "off"}` }, text), one.readable && stop);
  }

  async #pause(button: HTMLButtonElement, paused: boolean): Promise<void> {
    button.disabled = true;
    try {
      this.#show(await (paused ? this.#seat!.resume() : this.#seat!.pause()));
      this.#ways.querySelector("button")?.focus();
      this.tell(paused ? "resumed" : "paused", {});
    } catch (fault) {
      button.disabled = false;
      this.#failed(fault);
    }
  }

  async #stop(button: HTMLButtonElement, ...modalities: Modality[]): Promise<void> {
    button.disabled = true;
    try {
      const answers = await this.#seat!.stop(...modalities);
      this.#show(await this.#seat!.standing());
      write(this.#said, this.words.own.stopped(timeOf(new Date(), this.language)));
      this.tell("withdrawn", { answers });
    } catch (fault) {
      button.disabled = false;
      this.#failed(fault);
    }
  }

  /** Deleting cannot be undone: it is said what goes, once, and asked. */
  #ask(button: HTMLButtonElement): void {
    const words = this.words;
    const back = (): void => {
      this.#sure.replaceChildren();
      button.focus();
    };
    const yes = h(
      "button",
      { type: "button", class: "grave", part: "erase-yes", onclick: () => void this.#erase() },
      words.own.eraseYes,
    );
    const no = h("button", { type: "button", onclick: back }, words.cancel);
    const question = h("p", { id: "sure" }, words.own.eraseSure);
    const box = h(
      "div",
      { class: "sure", role: "group", "aria-labelledby": "sure" },
      question,
      h("div", { class: "ways" }, no, yes),
    );
    this.#sure.replaceChildren(box);
    no.focus();
  }

  async #erase(): Promise<void> {
    try {
      const receipt = await this.#seat!.erase();
      const words = this.words.own;
      const keep = h(
        "button",
        { type: "button", onclick: () => save(receipt, "deletion-receipt.json") },
        words.receipt,
      );
      this.#on = [];
      this.#view!.unread(this.words.reading.none);
      this.#badge.classList.remove("on");
      write(this.#badge, words.nothingOn);
      this.#senses.replaceChildren();
      this.#ways.replaceChildren();
      this.#sure.replaceChildren(keep);
      keep.focus();
      write(this.#said, words.erased(timeOf(new Date(), this.language)));
      this.tell("erased", { receipt });
    } catch (fault) {
      this.#failed(fault);
    }
  }

  #failed(fault: unknown): void {
    write(this.#said, `${this.words.problem} ${fault instanceof ProblemError ? fault.message : this.words.unreached}`);
  }
}
