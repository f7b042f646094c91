export { Api, type ApiOptions, type Token } from "./client/api.ts";
export { type CallEvent, type Envelope, type EventData, participantOf, told } from "./client/events.ts";
export type { Schemas } from "./client/operations.ts";
export { type Problem, ProblemError, UnreachableError } from "./client/problem.ts";
export { EventStream, type StreamOptions, type StreamState } from "./client/stream.ts";
export { type PublishOptions, Publisher, type PublisherState } from "./publish/whip.ts";
