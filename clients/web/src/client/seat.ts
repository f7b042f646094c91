import type { Api } from "./api.ts";
import type { operations } from "../generated/rest.ts";
import type { Schemas } from "./operations.ts";

export type Notice = Schemas["NoticeView"];
/** What notices are written in. */
export type NoticeLanguage = NonNullable<NonNullable<operations["consent_notice"]["parameters"]["query"]>["language"]>;
export type Answer = Schemas["AnswerView"];
export type Standing = Schemas["Standing"];
/** What a person's answers come to: `paused`, and each modality in the order in which it is shown. */
export interface Register {
  readonly paused: boolean;
  readonly modalities: readonly Standing[];
}
export type Ruling = Schemas["RulingView"];
/** What is read with a yes; who spoke when needs none. */
export type Modality = Exclude<Schemas["AnswerBody"]["modality"], "telemetry">;

/** What consent is asked for, in the order in which it is shown. */
export const READ: readonly Modality[] = ["face", "voice", "text"];
const HERE = "/v1/calls/{call_id}/participants/{participant_id}";

/** One person on one call, acting for themselves: what they are told, what they answer, and what they take back. */
export class Seat {
  readonly #api: Api;
  readonly #path: { readonly call_id: string; readonly participant_id: string };

  constructor(api: Api, call: string, participant: string) {
    this.#api = api;
    this.#path = { call_id: call, participant_id: participant };
  }

  /** What the law says of each modality of this person, before any consent; `said` is a reason in that language. */
  async rulings(language: NoticeLanguage = "en"): Promise<readonly Ruling[]> {
    return (await this.#api.get(HERE, { path: this.#path, query: { language } })).modalities ?? [];
  }

  /** The notice, word for word; that it was asked for is in the log, so show it. */
  notice(language: NoticeLanguage, ownWish = false): Promise<Notice> {
    return this.#api.get(`${HERE}/notice`, { path: this.#path, query: { language, own_wish: ownWish } });
  }

  /** One answer about one modality. */
  answer(body: Schemas["AnswerBody"]): Promise<Answer> {
    return this.#api.post(`${HERE}/consent`, { path: this.#path, body });
  }

  /** What stands now, of what can be read of a person. */
  async standing(): Promise<Register> {
    return ordered(await this.#api.get(`${HERE}/consent`, { path: this.#path }));
  }

  /** Nothing is read until `resume`; every yes still stands. */
  async pause(): Promise<Register> {
    return ordered(await this.#api.put(`${HERE}/pause`, { path: this.#path }));
  }

  async resume(): Promise<Register> {
    return ordered(await this.#api.delete(`${HERE}/pause`, { path: this.#path }));
  }

  /** Take back a yes, at once; every yes when no modality is named. */
  async stop(...modalities: Modality[]): Promise<readonly Answer[]> {
    const query = modalities.length === 0 ? {} : { modality: modalities };
    return (await this.#api.delete(`${HERE}/consent`, { path: this.#path, query })) as readonly Answer[];
  }

  /** Stop, and have everything deleted that was read; the signed receipt of it. */
  erase(): Promise<unknown> {
    return this.#api.delete(`${HERE}/data`, { path: this.#path });
  }

  /** The receipt of an answer, which can be checked without the service. */
  receipt(id: string): Promise<unknown> {
    return this.#api.get(`${HERE}/receipts/{receipt_id}`, { path: { ...this.#path, receipt_id: id } });
  }
}

function ordered({ modalities, paused = false }: Schemas["RegisterView"]): Register {
  return { paused, modalities: READ.flatMap((name) => modalities.find((one) => one.modality === name) ?? []) };
}
