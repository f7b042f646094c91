"""An exported log, checked and read, for tests and for the check of the sample call."""

from collections.abc import Sequence
from pathlib import Path

from countenance.audit.folder import LogFolder
from countenance.audit.quorum import Policy
from countenance.audit.reading import Finding, Leaf, read
from countenance.audit.tiles import decode_bundle, tiles_of
from countenance.audit.verify import verify


def check_log(folder: Path) -> Sequence[Finding]:
    """Everything that is wrong with a log that is trusted by its own key; raises AuditError where it is unreadable."""
    log = LogFolder(folder)
    return verify(log, Policy.trusting(log.key()), completeness=True).findings


def read_log(folder: Path) -> Sequence[Leaf]:
    """Every entry, unchecked."""
    log = LogFolder(folder)
    point, _ = Policy.trusting(log.key()).open(log.checkpoint())
    bundles = (tile for tile in tiles_of(point.size) if tile.level is None)
    return [leaf for tile in bundles for leaf in read(decode_bundle(tile, log.fetch(tile)), tile.start)[0]]
