import json
from pathlib import Path

import pytest
from bench.audit.synthetic import KEY, Export, drafts, entries, tree_files

from countenance.audit.checkpoint import Checkpoint, sign_checkpoint
from countenance.audit.entries import canonical
from countenance.audit.folder import LogFolder
from countenance.audit.merkle import leaf_hashes, root_of
from countenance.audit.note import SigningKey
from countenance.audit.quorum import Policy
from countenance.audit.verify import MOST_FINDINGS, Memory, first_rewritten, verify
from countenance.contracts.errors import AuditError

LEAVES = entries(1000)
TRUST = Policy.trusting(KEY.verifier)
OLD = Export(LEAVES[:700])


def forged(at: int, leaves: list[bytes] = LEAVES) -> list[bytes]:
    """The log with one entry replaced and no trace of it but in the hashes."""
    changed = canonical(json.loads(leaves[at]) | {"boot_id": "another"})
    return [*leaves[:at], changed, *leaves[at + 1 :]]


def test_a_whole_log_verifies() -> None:
    report = verify(Export(LEAVES), TRUST, completeness=False)
    assert (report.findings, report.first_bad) == ((), None)
    assert (report.entries, report.minimum, report.erased, report.point.size) == (1000, 0, 0, 1000)


def test_an_empty_log_verifies() -> None:
    assert verify(Export([]), TRUST, completeness=True).findings == ()


def test_completeness_is_looked_at_when_asked() -> None:
    first = next(seq for seq, (kind, _) in enumerate(drafts("a")) if kind == "RESULT")
    told = canonical(json.loads(LEAVES[first]) | {"kind": "SUPPRESSED"})
    leaves = [*LEAVES[:first], told, *LEAVES[first + 1 :]]
    assert verify(Export(leaves), TRUST).findings == ()
    assert verify(Export(leaves), TRUST, completeness=True).findings == ()
    later = canonical(json.loads(LEAVES[-1]) | {"boot_id": "another"})
    (finding,) = verify(Export([*leaves[:-1], later]), TRUST, completeness=True).findings
    assert (finding.seq, "never ends" in finding.problem) == (first - 1, True)


def test_changes_are_named_in_order_and_the_rest_is_still_read() -> None:
    export = Export(LEAVES)
    for name, at in (("tile/entries/001", 50), ("tile/entries/003.p/232", 9), ("tile/0/000", 3)):
        export.files[name] = export.files[name][:at] + b"\0" + export.files[name][at + 1 :]
    report = verify(export, TRUST)
    assert [finding.seq for finding in report.findings] == [0, 256, 768]
    assert report.first_bad == 0
    assert report.entries == 256


def test_damage_at_the_edge_is_all_that_can_be_said() -> None:
    export = Export(LEAVES)
    export.files["tile/0/003.p/232"] = export.files["tile/0/003.p/232"][:-1] + b"\0"
    (finding,) = verify(export, TRUST).findings
    assert (finding.seq, finding.problem) == (999, "tile/0/003.p/232 was changed")


def test_a_bundle_that_is_gone_is_a_finding() -> None:
    export = Export(LEAVES)
    del export.files["tile/entries/001"]
    report = verify(export, TRUST)
    assert [finding.seq for finding in report.findings] == [0, 256]
    assert "no RETENTION says so" in report.findings[0].problem


class Pruned(Export):
    def minimum(self) -> int:
        return 512


def retained(minimum: int) -> list[bytes]:
    body = canonical(json.loads(LEAVES[999]) | {"kind": "RETENTION", "minimum": minimum})
    return [*LEAVES[:999], body]


def test_entries_that_retention_removed_are_accounted_for() -> None:
    export = Pruned(retained(512))
    for name in ("tile/entries/000", "tile/entries/001"):
        del export.files[name]
    report = verify(export, TRUST, completeness=True)
    assert (report.minimum, report.entries) == (512, 488)
    assert report.findings == ()


def test_entries_that_were_removed_beyond_what_retention_says_are_a_finding() -> None:
    export = Pruned(retained(256))
    for name in ("tile/entries/000", "tile/entries/001"):
        del export.files[name]
    (finding,) = verify(export, TRUST).findings
    assert (finding.seq, finding.problem) == (256, "entries up to 512 were removed and no RETENTION says so")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"seq": 8}, "numbered 8"),
        ({"tenant": "other"}, "belongs to another tenant"),
        ({"t_utc": "2025-01-01T00:00:00.000000Z"}, "went back"),
    ],
)
def test_what_the_log_itself_wrote_wrong_is_found(change: dict[str, object], problem: str) -> None:
    leaves = [*LEAVES[:7], canonical(json.loads(LEAVES[7]) | change), *LEAVES[8:]]
    report = verify(Export(leaves), TRUST)
    assert report.first_bad == 7
    assert problem in report.findings[0].problem


def test_erasures_are_counted() -> None:
    leaves = [canonical(json.loads(LEAVES[0]) | {"kind": "ERASURE", "erasure_id": "e"})]
    assert verify(Export(leaves), TRUST).erased == 1


def test_a_lost_log_is_not_read_to_its_end() -> None:
    leaves = [canonical(json.loads(leaf) | {"tenant": str(n)}) for n, leaf in enumerate(entries(MOST_FINDINGS + 500))]
    assert len(verify(Export(leaves), TRUST).findings) == MOST_FINDINGS


# Against what was kept from before


def test_a_log_that_grew_continues_what_was_kept() -> None:
    memory = Memory((Export(LEAVES[:1]).checkpoint(), OLD.checkpoint()), OLD)
    assert verify(Export(LEAVES), TRUST, memory).findings == ()
    assert verify(Export(LEAVES), TRUST, Memory((Export(LEAVES).checkpoint(),))).findings == ()


def test_a_log_that_went_back_is_found() -> None:
    report = verify(Export(LEAVES[:600]), TRUST, Memory((OLD.checkpoint(),)))
    assert [(one.seq, one.problem) for one in report.findings] == [(600, "the log went back from 700 to 600 entries")]


@pytest.mark.parametrize("at", [0, 1, 255, 256, 511, 512, 698, 699])
def test_history_written_anew_with_the_logs_own_key_is_found_and_with_a_mirror_named(at: int) -> None:
    report = verify(Export(forged(at)), TRUST, Memory((OLD.checkpoint(),)))
    assert "does not begin with the 700 entries" in report.findings[0].problem
    assert report.first_bad == 0
    assert verify(Export(forged(at)), TRUST, Memory(mirror=OLD)).first_bad == at


def test_history_written_anew_without_the_key_is_named_with_a_mirror() -> None:
    export = Export(LEAVES)
    export.files.update(tree_files(forged(300)))
    assert verify(export, TRUST).first_bad == 0
    report = verify(export, TRUST, Memory(mirror=OLD))
    assert report.first_bad == 300
    assert "all were written anew" in report.findings[-1].problem
    export.files.update(tree_files(forged(800)))
    assert verify(export, TRUST, Memory(mirror=OLD)).first_bad == 700


def test_a_lone_hash_that_differs_from_the_mirror_is_named_by_what_it_stands_for() -> None:
    export = Export(LEAVES)
    export.files["tile/1/000.p/3"] = export.files["tile/1/000.p/3"][:32] + b"x" * 64
    assert first_rewritten(export, export.point, Memory(mirror=OLD)) == 256


def test_damage_is_told_from_history_written_anew() -> None:
    export = Export(LEAVES)
    export.files["tile/0/001"] = b"x" * 8192
    (finding,) = verify(export, TRUST, Memory((OLD.checkpoint(),))).findings
    assert (finding.seq, "tile/0/001 was changed" in finding.problem) == (256, True)


def test_a_checkpoint_of_another_log_is_not_compared() -> None:
    other = SigningKey("log.example/other", b"o" * 32)
    both = Policy.trusting(KEY.verifier, other.verifier)
    with pytest.raises(AuditError, match=r"is of log.example/other, this log is log.example/local"):
        verify(Export(LEAVES), both, Memory((Export(LEAVES, other).checkpoint(),)))
    with pytest.raises(AuditError, match=r"trusted is log.example/local"):
        verify(Export(LEAVES, other), TRUST)


def test_a_checkpoint_nobody_trusted_signed_is_refused() -> None:
    export = Export(LEAVES)
    point = Checkpoint(KEY.name, 1000, root_of(leaf_hashes(LEAVES)))
    export.files["checkpoint"] = sign_checkpoint(point, SigningKey(KEY.name, b"t" * 32)).data
    with pytest.raises(AuditError, match="not signed by"):
        verify(export, TRUST)
    del export.files["checkpoint"]
    with pytest.raises(AuditError, match="checkpoint is missing"):
        verify(export, TRUST)


def test_a_log_is_verified_from_its_folder(tmp_path: Path) -> None:
    Export(LEAVES).write(tmp_path)
    source = LogFolder(tmp_path)
    assert verify(source, Policy.trusting(source.key())).findings == ()
