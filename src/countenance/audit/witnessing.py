"""Collecting cosignatures: each export is shown to the witnesses of a policy before its checkpoint is written."""

from pathlib import Path

from countenance.audit.checkpoint import parse_checkpoint
from countenance.audit.cosignature import cosignatures
from countenance.audit.folder import LogFolder, LogSource
from countenance.audit.merkle import consistency
from countenance.audit.note import Note, parse_note
from countenance.audit.quorum import Policy, Witness, parse_policy
from countenance.audit.tree import Tree
from countenance.audit.witness_http import cosigned
from countenance.contracts.errors import AuditError


def witnesses_of(file: Path, folder: Path) -> "Witnesses":
    """Those of a policy in a file; raises AuditError."""
    try:
        return Witnesses(parse_policy(file.read_bytes()), folder)
    except OSError as fault:
        raise AuditError(f"{file} cannot be read: {fault.strerror}", "Name a policy: docs/audit-log.md.") from fault


class Witnesses:
    """The witnesses that a log reports to. One that is away or refuses is named, and the export waits for nobody."""

    def __init__(self, policy: Policy, folder: Path) -> None:
        """`folder`: where the log is exported to; what was cosigned there of the same state stays."""
        self.policy = policy
        self.refusals: tuple[str, ...] = ()
        """Why a witness did not cosign the last export, each in one line."""
        self._folder = LogFolder(folder)

    def cosign(self, source: LogSource, signed: bytes) -> bytes:
        """The checkpoint with a cosignature of each witness that has an address and finds the log continued."""
        bare = parse_note(signed)
        point = parse_checkpoint(bare.text)
        tree, note, refusals = Tree(source, point), bare, []
        for witness in self.policy.witnesses:
            note = note.joined(one for one in self._kept(bare, witness).signatures if one.by(witness.key))
            if witness.url is None:
                continue
            try:
                note = cosigned(note, witness, lambda old: consistency(tree, old, point.size), point.size)
            except AuditError as fault:
                refusals.append(fault.diagnosis)
        self.refusals = tuple(refusals)
        return note.data

    def check(self) -> None:
        """Raise AuditError where the checkpoint in the folder has not the cosignatures that the policy asks for."""
        self.policy.check_quorum(parse_note(self._folder.checkpoint()))

    def _kept(self, bare: Note, witness: Witness) -> Note:
        """What the witness cosigned of this very state before."""
        try:
            kept = parse_note(self._folder.checkpoint())
            return kept if kept.text == bare.text and cosignatures(kept, [witness.key]) else bare
        except AuditError:
            return bare  # there is none, or somebody changed it
