"""Logs that say something wrong: honest stories with one entry left out, moved, repeated or altered, and signed.

The tree of such a log holds; only the rules about what must stand in it can notice.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random

from bench.audit.synthetic import KEY, Export, drafts
from countenance.audit.entries import Stamp, leaf_of
from countenance.audit.folder import LogFolder
from countenance.audit.quorum import Policy
from countenance.audit.verify import verify

Drafts = list[tuple[str, dict[str, object]]]
TRUST = Policy.trusting(KEY.verifier)


def written(made: Drafts, folder: Path) -> int | None:
    """Write the log; the first bad entry that the verifier in Python names."""
    Export(leaves_of(made)).write(folder)
    return verify(LogFolder(folder), TRUST, completeness=True).first_bad


def story() -> Drafts:
    """Two people of one call, one of whom stops and says yes again, and an erasure at the end."""
    made: Drafts = [(kind, dict(body)) for (kind, body), _ in zip(drafts("s"), range(61), strict=False)]
    who = {name: made[-1][1][name] for name in ("call_ref", "subject_ref")}
    at_us = int(str(made[-1][1]["end_us"]))
    modality = {"modality": "face", "at_us": at_us}
    no = {"purpose": "meeting_insights", "status": "withdrawn", "consent_kind": "explicit", "version": 2}
    made += [("CONSENT", {**who, **modality, **no}), ("OPT_OUT", {**who, **modality})]
    lease = {**made[-4][1], "lease": "after", "start_us": at_us, "end_us": at_us + 1_000_000, "modalities": ["voice"]}
    made += [("LEASE", lease), ("LEASE_CLOSE", {**who, "lease": "after", "reason": "over"})]
    made += [("ERASURE", {**who, "erasure_id": "e1"}), ("CONFIG", {"config_digest": "0" * 64})]
    return made


def meddled(made: Drafts, random: Random) -> Drafts:
    """The same with one entry left out, moved, repeated, or saying something else."""
    at, other = random.randrange(len(made)), random.randrange(len(made))
    kind, body = made[at]
    match random.randrange(5):
        case 0:
            del made[at]
        case 1:
            made[at], made[other] = made[other], made[at]
        case 2:
            made.insert(other, made[at])
        case 3:
            name = random.choice(sorted(body))
            made[at] = (kind, {key: value for key, value in body.items() if key != name})
        case _:
            name = random.choice(sorted(body))
            made[at] = (kind, {**body, name: other_value(body[name], random)})
    return made


def other_value(value: object, random: Random) -> object:
    """Something else of the same sort."""
    match value:
        case int():
            return random.choice([0, value + 1, 10**12])
        case list():
            return random.choice([[], [*value, "text"], ["x"]])
        case dict():
            return {"voice": 1, "text": 2}
        case _:
            return random.choice(["deny", "refused", "written_release", "voice", "0" * 64])


def leaves_of(made: Iterable[tuple[str, Mapping[str, object]]]) -> list[bytes]:
    """The entries, a second apart."""
    leaves = []
    for seq, (kind, body) in enumerate(made):
        stamp = Stamp(f"2026-11-22T09:{seq // 60:02}:{seq % 60:02}.000000Z", seq * 1_000_000, "b0")
        leaves.append(leaf_of(seq, kind, stamp, "local", body))
    return leaves
