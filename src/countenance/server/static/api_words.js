// What a page says of each kind of problem that the service names; what the service itself says of it is English.
import { language, t } from "./words.js";

const said = {
  "policy-refused": t("Law or charter does not allow this. No consent lifts that."),
  "consent-required": t("No consent is in force for this."),
  "reviewer-required": t("What is read of one person is shown only to a named reviewer."),
  forbidden: t("Whoever is signed in here may not do that."),
  unauthenticated: t("You are no longer signed in. Sign in again."),
  "not-found": t("There is nothing here for you. It may be gone, or belong to others."),
  "idempotency-conflict": t("This was asked for once already, with other words. Load the page again."),
  conflict: t("This does not fit what stands now. Load the page again."),
  erased: t("The data was erased. Nothing brings it back."),
  "precondition-failed": t("What this refers to has passed. Load the page again."),
  "message-too-large": t("That is more than is taken here at once. Send less."),
  "config-invalid": t("Something in it is not as it should be."),
  "consent-invalid": t("Consent cannot be asked for or given like this."),
  "media-unreadable": t("The media of this call could not be read, and it is not tried again. Other calls go on."),
  "rate-limited": t("Too many requests. Wait a moment, then try again."),
  "media-server": t("The media server does not do what was asked."),
  "internal-error": t("Something went wrong here. Tell the operator."),
  "audit-unavailable": t("Nothing can be kept at the moment, so nothing is read of anyone. Calls go on."),
  draining: t("The service is stopping and begins nothing new. Try again in a moment."),
  overloaded: t("There is no room for more now. Try again in a moment."),
  unavailable: t("A part of the service is not there now. Try again in a moment."),
};

/** A kind of problem in words, in a language other than English; undefined in English, and where there are none. */
export const saidOf = (type) => (language === "en" ? undefined : said[String(type ?? "").split("/").at(-1)]);

export const UNREACHED = {
  title: t("The service cannot be reached"), detail: t("The service cannot be reached."), fix: t("Check the network; this page tries again."),
};
