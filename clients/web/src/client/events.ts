// CloudEvents of a call, told apart by their type.
import type { components } from "../generated/events.ts";

export type EventData = components["schemas"];

/** A CloudEvent 1.0 as the service writes it; members it does not name here are to be ignored. */
export type Envelope<D = unknown> = Omit<EventData["Envelope"], "data"> & { readonly data: D };

/** One event, by what it tells. `name` is such as `engagement_low`. */
export type CallEvent =
  | { readonly kind: "sample"; readonly envelope: Envelope<EventData["SignalSample"]> }
  | { readonly kind: "started"; readonly name: string; readonly envelope: Envelope<EventData["SignalStarted"]> }
  | { readonly kind: "ended"; readonly name: string; readonly envelope: Envelope<EventData["SignalEnded"]> }
  | { readonly kind: "consent"; readonly envelope: Envelope<EventData["ConsentChanged"]> }
  | { readonly kind: "refused"; readonly envelope: Envelope<EventData["PolicyRefused"]> }
  | { readonly kind: "summary"; readonly envelope: Envelope<EventData["CallSummary"]> }
  | { readonly kind: "group"; readonly envelope: Envelope<EventData["SignalAggregate"]> }
  | { readonly kind: "prompt"; readonly envelope: Envelope<EventData["PromptIssued"]> }
  | { readonly kind: "resolved"; readonly envelope: Envelope<EventData["PromptResolved"]> }
  | { readonly kind: "lost"; readonly envelope: Envelope<EventData["MediaLost"]> }
  | { readonly kind: "gap"; readonly envelope: Envelope<EventData["StreamGap"]> }
  | { readonly kind: "other"; readonly envelope: Envelope };

const KINDS: Readonly<Record<string, CallEvent["kind"]>> = {
  "signal.sample": "sample",
  "consent.changed": "consent",
  "policy.refused": "refused",
  "call.summary": "summary",
  "signal.aggregate": "group",
  "prompt.issued": "prompt",
  "prompt.resolved": "resolved",
  "media.lost": "lost",
  "stream.gap": "gap",
};
const TYPE = /^io\.countenance\.(.+)\.v1$/;
const SIGNAL = /^signal\.(.+)\.(started|ended)$/;

/** What an event tells; a type that is not known here is `other`, never an error. */
export function told(envelope: Envelope): CallEvent {
  const type = TYPE.exec(envelope.type)?.[1] ?? "";
  const [, name, phase] = SIGNAL.exec(type) ?? [];
  const kind = name === undefined ? (KINDS[type] ?? "other") : phase;
  return { kind, envelope, ...(name === undefined ? {} : { name }) } as CallEvent;
}

/** The participant an event is about; undefined for the call as a whole. */
export function participantOf(envelope: Envelope): string | undefined {
  const subject = envelope.subject;
  return subject === undefined ? undefined : decodeURIComponent(subject.replace(/^participants\//, ""));
}
