import type { Api } from "../client/api.ts";
import { ProblemError } from "../client/problem.ts";
import { type Answer, type Modality, type Notice, type Ruling, Seat, type Register } from "../client/seat.ts";
import { type Language, LANGUAGES } from "../words/index.ts";
import { barredViews, Choices } from "./choices.ts";
import { CONSENT } from "./consent.css.ts";
import { h, write } from "./dom.ts";
import { noticeView } from "./notice.ts";
import { Piece } from "./piece.ts";
import { answersView, save, timeOf } from "./receipts.ts";

/** What the page hears in `countenance-answered`: whether anything may be read, and the answers that were kept. */
export interface Answered {
  readonly analysis: boolean;
  /** False where the service could not keep the answer; nothing is read then. */
  readonly recorded: boolean;
  readonly answers: readonly Answer[];
}

/**
 * `<countenance-consent>`: the notice, one switch per modality, all off, and two ways on of the same size. Afterwards
 * the receipts, and one control that stops everything. Tells `countenance-answered` and `countenance-withdrawn`. With
 * `fixed-language` it shows no switch of languages: the page has one.
 */
export class ConsentElement extends Piece {
  #seat: Seat | undefined;
  #over: AbortSignal | undefined;
  #whose = "";
  #ownWish = false;
  #rulings: readonly Ruling[] = [];
  readonly #on = new Set<string>();
  readonly #said = h("p", { class: "said soft", role: "status" });

  constructor() {
    super(CONSENT);
  }

  protected start(api: Api, over: AbortSignal): void {
    const whose = `${this.call} ${this.participant}`;
    const again = this.#seat !== undefined && this.#whose === whose;
    if (!again) {
      this.#on.clear();
      this.#ownWish = false;
    }
    this.#whose = whose;
    this.#over = over;
    this.#seat = new Seat(api, this.call, this.participant);
    void this.#open(over, again && this.root.querySelector(".asking") !== null);
  }

  /** What stands, or the notice where nothing was answered; `asking`: the notice, in another language. */
  async #open(over: AbortSignal, asking: boolean): Promise<void> {
    if (!asking) this.#draw(h("p", { role: "status" }, this.words.wait));
    const seat = this.#seat!;
    try {
      const [rulings, standing] = await Promise.all([seat.rulings(this.language), seat.standing()]);
      if (over.aborted) return;
      this.#rulings = rulings;
      if (!asking && answered(standing).length > 0) return this.#drawStanding(answered(standing), true);
      const notice = await seat.notice(this.language, this.#ownWish);
      if (!over.aborted) this.#drawAsking(notice);
    } catch (fault) {
      if (!over.aborted) this.#drawProblem(fault);
    }
  }

  #drawAsking(notice: Notice): void {
    const words = this.words.consent;
    const choices = new Choices(notice, this.#rulings, this.#on, this.words);
    const agree = h("button", { type: "button", part: "agree", onclick: () => agreed() }, words.agree);
    const without = h("button", { type: "button", part: "without", onclick: () => refused() }, words.without);
    const agreed = (): void => {
      if (choices.chosen.length === 0) return write(this.#said, words.noneOn);
      if (choices.name === "") {
        choices.ask();
        return write(this.#said, words.nameMissing);
      }
      void this.#answer(notice, choices, choices.chosen, [agree, without]);
    };
    const refused = (): void => void this.#answer(notice, choices, [], [agree, without]);
    write(this.#said, "");
    const panel = h(
      "div",
      { class: "panel sheet", part: "panel" },
      choices.node,
      h("div", { class: "ways" }, agree, without),
      this.#said,
    );
    this.#draw(h("div", { class: "asking" }, noticeView(notice), panel), this.#languages());
  }

  /** One answer per modality; a no is said as plainly as a yes. */
  async #answer(notice: Notice, choices: Choices, yes: readonly string[], ways: HTMLButtonElement[]): Promise<void> {
    const over = this.#over!;
    for (const one of ways) one.disabled = true;
    write(this.#said, this.words.wait);
    const kept: Answer[] = [];
    try {
      for (const modality of notice.modalities) {
        const given = yes.includes(modality);
        const signed = given && choices.signed(modality) && choices.name;
        kept.push(
          await this.#seat!.answer({
            modality: modality as Modality,
            status: given ? "given" : "refused",
            notice_sha256: notice.text_sha256,
            own_wish: this.#ownWish,
            ...(signed ? { evidence: { act: "typed_name", name: signed } } : {}),
          }),
        );
      }
    } catch (fault) {
      for (const one of ways) one.disabled = false;
      if (!over.aborted) this.#failed(fault, yes);
      return;
    }
    if (over.aborted) return;
    this.#on.clear();
    this.#drawStanding(kept, false);
    this.tell("answered", { analysis: yes.length > 0, recorded: true, answers: kept } satisfies Answered);
  }

  /** A no needs nobody's leave: who joins without analysis joins, whether or not the service could keep it. */
  #failed(fault: unknown, yes: readonly string[]): void {
    if (yes.length > 0) return write(this.#said, `${this.words.problem} ${textOf(fault, this.words.unreached)}`);
    this.#draw(h("p", { role: "status" }, this.words.consent.unrecorded));
    this.tell("answered", { analysis: false, recorded: false, answers: [] } satisfies Answered);
  }

  #drawStanding(answers: readonly Answer[], before: boolean): void {
    const words = this.words.consent;
    const given = answers.some((one) => one.status === "given");
    write(this.#said, given ? words.kept : `${words.kept} ${words.nothing}`);
    const stop = h(
      "button",
      { type: "button", class: "grave", part: "stop", onclick: () => void this.#stop(stop) },
      words.stop,
    );
    const change = h("button", { type: "button", part: "change", onclick: () => this.#change() }, words.change);
    const join = h("button", { type: "button", part: "join", onclick: () => this.#join(answers) }, words.join);
    const list = answersView(answers, this.words, this.language, (answer) => this.#save(answer));
    const ways = h("div", { class: "ways" }, before && join, given && stop, change);
    const barred = barredViews(this.#rulings, this.words);
    this.#draw(h("div", { class: "panel sheet", part: "panel" }, this.#said, list, ...barred, ways), this.#languages());
  }

  #save(answer: Answer): void {
    const failed = (fault: unknown): void => write(this.#said, textOf(fault, this.words.unreached));
    const name = `receipt-${answer.modality}-${answer.receipt_id}.json`;
    this.#seat!.receipt(answer.receipt_id).then((receipt) => save(receipt, name), failed);
  }

  async #stop(button: HTMLButtonElement): Promise<void> {
    button.disabled = true;
    try {
      const answers = await this.#seat!.stop();
      this.#drawStanding(answered(await this.#seat!.standing()), false);
      write(this.#said, this.words.consent.stopped(timeOf(new Date(), this.language)));
      this.tell("withdrawn", { answers });
    } catch (fault) {
      button.disabled = false;
      write(this.#said, `${this.words.problem} ${textOf(fault, this.words.unreached)}`);
    }
  }

  /** They open the choice themselves; that they once said no bars nothing then. */
  #change(): void {
    this.#ownWish = true;
    void this.#open(this.#over!, true);
  }

  #join(answers: readonly Answer[]): void {
    const analysis = answers.some((one) => one.status === "given");
    this.tell("answered", { analysis, recorded: true, answers } satisfies Answered);
  }

  /** Nobody can be asked, by law, after a no, or because the service is not there: the call is there all the same. */
  #drawProblem(fault: unknown): void {
    const words = this.words;
    const slug = fault instanceof ProblemError ? fault.slug : "";
    const retry = h("button", { type: "button", onclick: () => void this.#open(this.#over!, false) }, words.retry);
    const change = h("button", { type: "button", onclick: () => this.#change() }, words.consent.change);
    const join = h(
      "button",
      { type: "button", part: "without", onclick: () => this.#joinUnasked() },
      words.consent.without,
    );
    const other = slug === "policy-refused" ? null : slug === "consent-invalid" && !this.#ownWish ? change : retry;
    const heading = slug === "policy-refused" || slug === "consent-invalid" ? words.consent.nothing : words.problem;
    this.#draw(
      h(
        "div",
        { class: "panel sheet" },
        h(
          "div",
          { class: "problem", role: "alert" },
          h("strong", {}, heading),
          slug === "policy-refused" ? null : h("p", {}, textOf(fault, words.unreached)),
        ),
        ...(slug === "policy-refused" ? barredViews(this.#rulings, words) : []),
        h("div", { class: "ways" }, join, other),
      ),
      this.#languages(),
    );
  }

  #joinUnasked(): void {
    this.#draw(h("p", { role: "status" }, this.words.consent.nothing));
    this.tell("answered", { analysis: false, recorded: false, answers: [] } satisfies Answered);
  }

  /** Nothing where the page around has a switch of its own. */
  #languages(): HTMLElement | null {
    if (this.hasAttribute("fixed-language")) return null;
    const chosen = (): void => {
      this.language = select.value as Language;
    };
    const options = Object.entries(LANGUAGES).map(([code, name]) =>
      h("option", { value: code, lang: code, selected: code === this.language }, name),
    );
    const select = h("select", { id: "language", onchange: chosen }, ...options);
    return h("div", { class: "bar" }, h("label", { for: "language" }, this.words.language), select);
  }

  /** One view for the other; where somebody was in the old one, they are put into the new one. */
  #draw(body: HTMLElement, bar: HTMLElement | null = null): void {
    const held = this.root.activeElement;
    const view = this.frame("consent", bar, body);
    this.root.replaceChildren(view);
    if (held === null) return;
    const same = held.id === "" ? null : this.root.getElementById(held.id);
    if (same !== null) return same.focus();
    view.tabIndex = -1;
    view.focus();
  }
}

function answered({ modalities }: Register): Answer[] {
  return modalities.flatMap((one) => one.answer ?? []);
}

/** What went wrong, in words for the person: what it is and what to do. */
function textOf(fault: unknown, unreached: string): string {
  return fault instanceof ProblemError ? fault.message : unreached;
}
