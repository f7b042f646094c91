export { Api, type ApiOptions, type Credential, type Token } from "./client/api.ts";
export { Coaching, type CoachingNow, type PromptAction, suggested, type Suggestion } from "./client/coaching.ts";
export { type CallEvent, type Envelope, type EventData, participantOf, told } from "./client/events.ts";
export type { Schemas } from "./client/operations.ts";
export { type Problem, ProblemError, UnreachableError } from "./client/problem.ts";
export { EventStream, type StreamOptions, type StreamState } from "./client/stream.ts";
export { followWords, type Said } from "./client/words.ts";
export { type PublishOptions, Publisher, type PublisherState } from "./publish/whip.ts";
export { type Answer, type Modality, type Notice, type Register, Seat, type Standing } from "./client/seat.ts";
export { CoachElement } from "./elements/coach.ts";
export { type Answered, ConsentElement } from "./elements/consent.ts";
export { SignalsElement } from "./elements/signals.ts";
export { type Language, LANGUAGES } from "./words/index.ts";

import { CoachElement } from "./elements/coach.ts";
import { ConsentElement } from "./elements/consent.ts";
import { SignalsElement } from "./elements/signals.ts";
import { define } from "./elements/piece.ts";

define("countenance-consent", ConsentElement);
define("countenance-coach", CoachElement);
define("countenance-signals", SignalsElement);
