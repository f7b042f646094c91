"""The kinds of problems that HTTP answers name: a word for programs, a status, a title, what to do next."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem; its title is the same each time."""

    slug: str
    status: int
    title: str
    fix: str
    """What to do next, where the error itself does not say."""


POLICY = Kind("policy-refused", 403, "Law or charter does not allow this", "See `rulings`; no consent lifts a refusal.")
CONSENT = Kind("consent-required", 403, "No consent is in force for this", "Show the notice, and record the answer.")
REVIEWER = Kind(
    "reviewer-required",
    403,
    "Readings of one person are shown only to a named reviewer",
    "Ask with the key or token of a reviewer in the role that the ruling names.",
)
FORBIDDEN = Kind("forbidden", 403, "This key or token may not do that", "Use one with the scope that is named.")
UNAUTHENTICATED = Kind("unauthenticated", 401, "Who asks is not known", "Send `Authorization: Bearer` with a key.")
NOT_FOUND = Kind(
    "not-found", 404, "There is nothing here for you", "Check the id; it may be another tenant's, or gone."
)
NOT_ALLOWED = Kind("method-not-allowed", 405, "This address does not take that method", "See `Allow`.")
IDEMPOTENCY = Kind(
    "idempotency-conflict", 409, "This Idempotency-Key came with another request before", "Take a new key."
)
CONFLICT = Kind("conflict", 409, "This does not fit the present state", "Read the present state first.")
ERASED = Kind("erased", 410, "The data was erased", "Nothing brings it back; `instance` names the receipt.")
PRECONDITION = Kind("precondition-failed", 412, "The state you refer to has passed", "Take the present ETag.")
TOO_LARGE = Kind("message-too-large", 413, "The body is larger than is taken here", "Send less.")
UNSUPPORTED = Kind(
    "unsupported-media", 415, "This media type is not taken here", "See `Accept-Post`, or /openapi.json."
)
INVALID = Kind("config-invalid", 422, "Something in the request is not as it should be", "Mend what `errors` names.")
CONSENT_INVALID = Kind("consent-invalid", 422, "Consent cannot be asked for or given like this", "See `detail`.")
PRECONDITION_REQUIRED = Kind("precondition-required", 428, "An `If-Match` is needed", "Send the ETag of the session.")
UNREADABLE = Kind(
    "media-unreadable",
    409,
    "The media of this call could not be read, and it is not tried again",
    "Other calls go on. End this one and begin another.",
)
RATE = Kind("rate-limited", 429, "Too many requests", "Wait as long as `Retry-After` says.")
MEDIA_SERVER = Kind("media-server", 502, "The media server does not do what was asked", "See `detail`.")
INTERNAL = Kind("internal-error", 500, "Something went wrong here", "Tell the operator the `correlation_id`.")
AUDIT = Kind(
    "audit-unavailable",
    503,
    "The store or the log cannot be written: nothing is read of anyone until it can; calls go on",
    "Try again after `Retry-After`.",
)
DRAINING = Kind("draining", 503, "The service is stopping and begins nothing new", "Try again after `Retry-After`.")
OVERLOADED = Kind("overloaded", 503, "There is no room for more now", "Try again after `Retry-After`.")
UNAVAILABLE = Kind("unavailable", 503, "A part of the service is not there now", "Try again after `Retry-After`.")

KINDS = {one.slug: one for one in list(globals().values()) if isinstance(one, Kind)}
BY_STATUS = {
    400: INVALID,
    401: UNAUTHENTICATED,
    403: FORBIDDEN,
    404: NOT_FOUND,
    405: NOT_ALLOWED,
    413: TOO_LARGE,
    415: UNSUPPORTED,
    422: INVALID,
    429: RATE,
}
