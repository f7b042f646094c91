"""What commands on an exported log have in common: where it is, whom one trusts, what one kept from before."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from countenance.contracts.errors import AuditError, UsageError

if TYPE_CHECKING:
    from countenance.audit.folder import LogFolder
    from countenance.audit.quorum import Policy
    from countenance.audit.verify import Memory

EXPORT = "log"
OWN_KEY = "the key that came with it: compare it with the one the deployment publishes, or give --key or --policy"


@dataclass(frozen=True, slots=True)
class Trust:
    """A policy, and in words where it came from."""

    policy: "Policy"
    words: str


def log_folder(place: Path) -> "LogFolder":
    """An exported log in a folder, or the export within a store's data folder; raises UsageError where none is."""
    from countenance.audit.folder import CHECKPOINT, LogFolder

    for folder in (place, place / EXPORT):
        if (folder / CHECKPOINT).is_file():
            return LogFolder(folder)
    raise UsageError(f"there is no exported log in {place}", "Make one with `countenance audit export`.")


def trusted(policy: Path | None, key: str | None) -> Trust | None:
    """What the command line says to trust; None when it says nothing."""
    from countenance.audit.note import VerifierKey
    from countenance.audit.quorum import Policy, parse_policy

    if policy is not None and key is not None:
        raise UsageError("both --policy and --key are given", "A policy names its logs itself.")
    if policy is not None:
        return Trust(parse_policy(bytes_of(policy)), f"the policy {policy}")
    if key is None:
        return None
    found = Path(key).read_text(encoding="utf-8").strip() if Path(key).is_file() else key
    return Trust(Policy.trusting(VerifierKey.parse(found)), "the key given")


def own(folder: "LogFolder") -> Trust:
    """Trust in the key that lies beside the log."""
    from countenance.audit.quorum import Policy

    return Trust(Policy.trusting(folder.key()), OWN_KEY)


def memory_of(kept: Iterable[Path]) -> "Memory":
    """What was kept from before: checkpoints, proofs, receipts, and at most one older export."""
    from countenance.audit.verify import Memory

    checkpoints, mirrors = [], []
    for path in kept:
        if path.is_dir():
            mirrors.append(log_folder(path))
        else:
            checkpoints.append(checkpoint_in(bytes_of(path)))
    if len(mirrors) > 1:
        raise UsageError("two folders are given as older exports", "Give the newest, and checkpoints of the others.")
    return Memory(tuple(checkpoints), mirrors[0] if mirrors else None)


def checkpoint_in(data: bytes) -> bytes:
    """The signed checkpoint in a checkpoint, in a proof or in a receipt."""
    from countenance.audit.proof import HEADER, parse_proof

    if data.lstrip().startswith(b"{"):
        data = str(receipt_in(data).get("proof", "")).encode()
    return parse_proof(data).checkpoint if data.startswith(HEADER.encode()) else data


def receipt_in(data: bytes) -> dict[str, object]:
    """The table of a receipt; raises AuditError."""
    try:
        receipt = json.loads(data)
    except (ValueError, RecursionError) as fault:
        raise AuditError("the receipt is not JSON", "It is damaged, or another kind of file.") from fault
    if not isinstance(receipt, dict):
        raise AuditError("the receipt is no JSON object", "It is damaged, or another kind of file.")
    return receipt


def bytes_of(path: Path) -> bytes:
    """A file; raises AuditError when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as fault:
        raise AuditError(f"{path} cannot be read: {fault.strerror}", "Check the path.") from fault
