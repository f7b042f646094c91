import type { Api } from "../client/api.ts";
import { Coaching, type CoachingNow, suggested, type Suggestion } from "../client/coaching.ts";
import { type CallEvent, type EventData, participantOf } from "../client/events.ts";
import type { Schemas } from "../client/operations.ts";
import { ProblemError } from "../client/problem.ts";
import { EventStream, type StreamState } from "../client/stream.ts";
import type { Sample } from "../reading/estimate.ts";
import { Announcer } from "./announcer.ts";
import { COACH } from "./coach.css.ts";
import { arrange, h, write } from "./dom.ts";
import { PersonView } from "./person.ts";
import { Piece } from "./piece.ts";
import { Suggesting } from "./suggesting.ts";
import { Transcript } from "./transcript.ts";

type Participant = Schemas["ParticipantView"];

/** What is known of somebody on the call. */
interface Person {
  readonly view: PersonView;
  who: Participant;
  sample?: Sample;
  heard_ms: number;
  /** What they have answered since this page looks. */
  readonly given: Map<string, boolean>;
  word?: string;
}

/** What belongs to one call. */
interface Live {
  readonly api: Api;
  readonly coaching: Coaching;
  readonly suggesting: Suggesting;
  readonly over: AbortSignal;
}

const STALE_MS = 6_000;
const TICK_MS = 1_000;
/** The duty of a ruling that lets somebody count in a group and nothing be said of them alone. */
const GROUP = "aggregate_window_5min";

/**
 * `<countenance-coach>`: everybody who agreed, as a word with its band, what is read of them, and at most one
 * suggestion. Tells `countenance-decided` when a suggestion was answered.
 */
export class CoachElement extends Piece {
  static override readonly observedAttributes = [...Piece.observedAttributes, "taxonomy"];
  readonly #people = new Map<string, Person>();
  readonly #said = new Announcer();
  readonly #status = h("p", { class: "soft", part: "status" });
  readonly #list = h("ul", { class: "people" });
  readonly #own = h("p", { class: "soft", part: "own", hidden: true });
  readonly #lines = new Transcript();
  readonly #pause = h("button", { type: "button", part: "pause", onclick: () => this.#hold(!this.#paused) });
  #live: Live | undefined;
  #unread: ReadonlySet<string> = new Set();
  #paused = false;
  #trouble = "";
  #state: StreamState = { name: "connecting" };

  constructor() {
    super(COACH);
    this.addEventListener("keydown", (event) => this.#live?.suggesting.key(event));
  }

  /** Which words are shown, such as `engagement.v1`. */
  get taxonomy(): string {
    return this.getAttribute("taxonomy") ?? "engagement.v1";
  }
  set taxonomy(value: string) {
    this.setAttribute("taxonomy", value);
  }

  /** What somebody said, from captions that the page itself has; nothing of it is sent anywhere. */
  hear(name: string, text: string): void {
    this.#lines.hear(name, text);
  }

  protected override get ready(): boolean {
    return this.call !== "";
  }

  protected start(api: Api, over: AbortSignal): void {
    const coaching = new Coaching(api, this.call);
    const suggesting = new Suggesting(coaching, this.words, {
      shown: (prompt) => this.#said.say(`${prompt.reason}: ${prompt.text}`),
      decided: (prompt, action) => this.tell("decided", { prompt_id: prompt.prompt_id, action }),
      failed: (fault) => this.#failed(fault),
      home: () => this.#pause,
    });
    const live = { api, coaching, suggesting, over };
    this.#live = live;
    this.#state = { name: "connecting" };
    this.#trouble = "";
    this.#people.clear();
    this.#draw(suggesting, api);
    const stream = new EventStream(api, {
      call: this.call,
      samples: true,
      onEvent: (event) => this.#take(event, live),
      onState: (state) => this.#stands(state, live),
    });
    const tick = setInterval(() => this.#show(), TICK_MS);
    over.addEventListener("abort", () => {
      clearInterval(tick);
      stream.close();
      suggesting.close();
      this.#said.stop();
    });
  }

  #draw(suggesting: Suggesting, api: Api): void {
    const words = this.words;
    this.#hold(false);
    this.#lines.node.setAttribute("aria-label", words.coach.transcript);
    this.#list.setAttribute("aria-label", words.coach.people);
    this.#list.replaceChildren();
    this.#lines.clear();
    this.root.replaceChildren(
      this.frame(
        "coach",
        h("div", { class: "top" }, h("div", {}, this.#status, suggesting.budget), this.#pause),
        suggesting.slot,
        this.#list,
        this.#own,
        this.#lines.node,
        this.reminder(api),
        this.#said.node,
      ),
    );
  }

  #stands(state: StreamState, live: Live): void {
    this.#state = state;
    if (state.name === "open") void this.#look(live);
    if (state.name === "refused") this.#failed(state.error);
    else this.#show();
  }

  /** Who is on the call, and the suggestion that is open; asked again whenever the line is there again. */
  async #look({ api, coaching, suggesting, over }: Live): Promise<void> {
    const path = { call_id: this.call };
    const [call, now] = await Promise.allSettled([api.get("/v1/calls/{call_id}", { path }), coaching.now()]);
    if (over.aborted) return;
    if (call.status === "fulfilled") for (const who of call.value.participants ?? []) this.#know(who);
    if (now.status === "fulfilled") {
      if (!this.#paused) suggesting.stands(now.value);
      this.#sides(now.value);
      if (now.value.playbook !== null) this.#lines.follow(api, this.call, over);
    }
    if (call.status === "rejected") this.#failed(call.reason);
    else this.#show();
  }

  #know(who: Participant): void {
    const known = this.#people.get(who.participant_id);
    if (known !== undefined) known.who = who;
    else
      this.#people.set(who.participant_id, {
        view: new PersonView(this.words, this.language),
        who,
        heard_ms: 0,
        given: new Map(),
      });
  }

  /** "own tracks: not analysed" instead of an empty card, where nothing of the coach's side is read. */
  #sides({ sides }: CoachingNow): void {
    const unread = (sides ?? []).filter((one) => one.side === "coach" && one.analysed.length === 0);
    this.#unread = new Set(unread.map((one) => one.participant_id));
    this.#own.hidden = unread.length === 0;
    const names = unread.map((one) => this.words.coach.ownTracks(this.#name(one.participant_id)));
    write(this.#own, names.join(" · "));
  }

  #take(event: CallEvent, live: Live): void {
    const id = participantOf(event.envelope);
    if (event.kind === "sample") this.#heard(event.envelope.data, id);
    else if (event.kind === "prompt") this.#suggest(suggested(event.envelope.data), live);
    else if (event.kind === "resolved") live.suggesting.resolved(event.envelope.data.prompt_id);
    else if (event.kind === "consent") this.#answered(event.envelope.data, live);
  }

  #suggest(suggestion: Suggestion | undefined, live: Live): void {
    if (suggestion !== undefined && !this.#paused) live.suggesting.suggest(suggestion);
  }

  #answered({ participant_id, modality, status }: EventData["ConsentChanged"], live: Live): void {
    const person = this.#people.get(participant_id);
    if (person === undefined) return void this.#look(live);
    person.given.set(modality, status === "given");
    this.#show();
  }

  #heard(sample: Sample, id: string | undefined): void {
    if (id === undefined || sample.taxonomy !== this.taxonomy) return;
    const person = this.#people.get(id);
    if (person === undefined) return;
    person.sample = sample;
    person.heard_ms = performance.now();
    this.#show();
  }

  /** Everything as it is now; nothing while it is paused. */
  #show(): void {
    if (this.#paused) return;
    const words = this.words;
    const { name } = this.#state;
    write(this.#status, name === "open" || name === "refused" ? this.#trouble : words.stream[name]);
    const all = [...this.#people.values()].filter((one) => !this.#unread.has(one.who.participant_id));
    const shown = all.filter((one) => one.who.here || one.sample !== undefined);
    arrange(
      this.#list,
      shown.map((one) => one.view.node),
    );
    this.#lines.show((id) => this.#name(id));
    for (const person of shown) {
      const name = this.#name(person.who.participant_id);
      person.view.named(name);
      const word = this.#word(person);
      if (person.word !== undefined && person.word !== word) this.#said.say(`${name}: ${word}`);
      person.word = word;
    }
  }

  #word(person: Person): string {
    const words = this.words;
    const permitted = (person.who.modalities ?? []).filter((one) => one.allowed && one.modality !== "telemetry");
    if (permitted.length === 0) return person.view.unread(words.coach.notAnalysed);
    if (permitted.every((one) => one.duties.includes(GROUP))) return person.view.unread(words.coach.grouped);
    const stale = performance.now() - person.heard_ms > STALE_MS;
    const taken = person.given.size > 0 && ![...person.given.values()].includes(true);
    if (taken && stale) return person.view.unread(words.reading.because(words.reason.no_consent));
    if (person.sample === undefined) return person.view.unread(words.reading.none);
    return person.view.shown(person.sample, stale);
  }

  #name(id: string): string {
    const who = this.#people.get(id)?.who;
    return who?.name ?? who?.role ?? id;
  }

  #hold(paused: boolean): void {
    this.#paused = paused;
    write(this.#pause, paused ? this.words.coach.resume : this.words.coach.pause);
    if (!paused) return this.#resume();
    this.#live?.suggesting.close();
    write(this.#status, this.words.coach.paused);
  }

  #resume(): void {
    this.#show();
    if (this.#live !== undefined && this.#state.name === "open") void this.#look(this.#live);
  }

  #failed(fault: unknown): void {
    this.#trouble = fault instanceof ProblemError ? fault.message : this.words.unreached;
    this.#show();
  }
}
