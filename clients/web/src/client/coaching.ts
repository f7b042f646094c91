import type { Api } from "./api.ts";
import type { EventData } from "./events.ts";
import type { Schemas } from "./operations.ts";

/** What a coach needs to see of a suggestion. */
export type Suggestion = Pick<
  Schemas["PromptView"],
  "prompt_id" | "reason" | "text" | "why" | "evidence" | "expires_at" | "language" | "budget_left"
>;

export type CoachingNow = Schemas["CoachingView"];
export type PromptAction = "seen" | "accepted" | "edited" | "dismissed" | "snoozed";

/** The suggestions of one call. */
export class Coaching {
  readonly #api: Api;
  readonly #call: string;

  constructor(api: Api, call: string) {
    this.#api = api;
    this.#call = call;
  }

  /** The suggestion that is open, what is left of the budget, and who is on which side. */
  now(): Promise<CoachingNow> {
    return this.#api.get("/v1/calls/{call_id}/coaching", { path: { call_id: this.#call } });
  }

  /** What became of a suggestion. */
  async act(prompt_id: string, action: PromptAction): Promise<void> {
    const path = { call_id: this.#call, prompt_id };
    await this.#api.post("/v1/calls/{call_id}/prompts/{prompt_id}", { path, body: { action } });
  }
}

/** The suggestion in an event; the person it is about is told only that there is one. */
export function suggested(data: EventData["PromptIssued"]): Suggestion | undefined {
  return data.text === undefined ? undefined : (data as Suggestion);
}
