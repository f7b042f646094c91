"""One tree of errors; each says what is wrong, where, and what to do next."""

from collections.abc import Sequence

from countenance.contracts.trust import Verdict


class CountenanceError(Exception):
    """Something the product understands went wrong."""

    exit_code = 1

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}. {remedy}" if remedy else problem)
        self.problem = problem
        self.remedy = remedy

    @property
    def diagnosis(self) -> str:
        """One line: the problem, then the remedy."""
        return str(self)


class UsageError(CountenanceError):
    """A command line or a configuration asks for something that does not exist."""

    exit_code = 2


class MediaError(CountenanceError):
    """A recording cannot be read."""


class TranscriptError(CountenanceError):
    """A transcript cannot be read or does not fit the call."""


class BundleError(CountenanceError):
    """A model bundle is incomplete, altered or not allowed here."""


class DownloadError(CountenanceError):
    """A file cannot be fetched, or is not the one that was promised."""


class PolicyError(CountenanceError):
    """A policy file is wrong."""


class RefusedError(CountenanceError):
    """The gate refuses: the message holds the citation, `verdicts` every rule that spoke, where the gate was asked."""

    exit_code = 3

    def __init__(self, problem: str, remedy: str, verdicts: Sequence[Verdict] = ()) -> None:
        super().__init__(problem, remedy)
        self.verdicts = tuple(verdicts)

    @classmethod
    def by(cls, verdicts: Sequence[Verdict], remedy: str) -> "RefusedError":
        """What the first of these rules says, and all of them for whoever asks."""
        first = verdicts[0]
        return cls(f"refused by {first.rule_id}: {first.reason} [{first.citation}]", remedy, verdicts)


class ConsentError(CountenanceError):
    """A consent record is wrong."""


class AuditError(CountenanceError):
    """The log cannot be written or does not verify; inference stops."""


class StorageError(CountenanceError):
    """The store cannot be opened, read or written; what was asked of it did not happen."""


class TakenError(StorageError):
    """Another process writes the store; it can be read beside that."""


class DeliveryError(CountenanceError):
    """A receiver did not take what was sent; it is sent again."""


class DatasetError(CountenanceError):
    """A corpus for training or evaluation is missing, or not in its layout."""


class EvaluationError(CountenanceError):
    """A table of scores or of metrics is wrong, or a measurement would not mean what it says."""


class VaultError(CountenanceError):
    """A key is missing or loosely kept, or does not open what it should."""


class LinkError(CountenanceError):
    """The line between control plane and worker broke, or carried what is no message."""


class NotFoundError(CountenanceError):
    """Nothing is known under this id, or it is not yours."""


class OverloadError(CountenanceError):
    """There is no room for more now; it may be asked again."""


class PreconditionError(CountenanceError):
    """What is asked for was meant for a state that has passed."""


class PreconditionMissingError(CountenanceError):
    """What is asked for must say which state it is meant for."""


class TapError(CountenanceError):
    """A media server cannot be reached, or refuses what a tap asks of it."""


class EvidenceError(CountenanceError):
    """An evidence pack cannot be completed as asked."""


class UnauthenticatedError(CountenanceError):
    """Who asks has shown no credential, or one that is not valid."""


class ForbiddenError(CountenanceError):
    """Who asks is known, and may not do this."""


class RateError(CountenanceError):
    """Too much was asked in too short a time."""

    def __init__(self, problem: str, remedy: str, retry_after_s: int) -> None:
        super().__init__(problem, remedy)
        self.retry_after_s = retry_after_s


class DrainingError(CountenanceError):
    """The server is stopping and begins nothing new."""

    def __init__(self, problem: str, remedy: str, retry_after_s: int) -> None:
        super().__init__(problem, remedy)
        self.retry_after_s = retry_after_s
