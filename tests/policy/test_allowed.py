"""All that is allowed, on one page: `allowed.txt`. A change of any law shows there as a line to be agreed to.

Write it anew with `python -m tests.policy.test_allowed` and read the difference before committing it.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.policy.cases import STATED, TODAY

from countenance.contracts.call import Purpose, Role
from countenance.contracts.trust import Case, Ruling
from countenance.policy.gate import Gate
from countenance.policy.vocabulary import JURISDICTIONS, output_of

PAGE = Path(__file__).with_name("allowed.txt")
KNOWN = {
    "adult": STATED,
    "13 to 17": STATED | {"minor": "13_to_17"},
    "under 13": STATED | {"minor": "under_13"},
    "nothing stated": {},
    "exception approved": STATED | {"exception_approved": "yes", "relation": "same_organisation"},
    "asked for by a school": STATED | {"required_by_institution": "yes"},
    "gives a certificate": STATED | {"issues_certificate": "yes"},
    "same organisation": STATED | {"relation": "same_organisation"},
    "at work": STATED | {"b2b": "yes"},
}


def lines(gate: Gate) -> Iterator[str]:
    """One line per purpose, knowledge, place and answer, with the roles that get it; a refusal has no line.

    Of people who are not plain adults only what differs is written.
    """
    for purpose in Purpose:
        usual = _answers(gate, purpose, "adult")
        for known in KNOWN:
            answers = _answers(gate, purpose, known)
            written = answers if known == "adult" else {k: v for k, v in answers.items() if v != usual[k]}
            places: dict[tuple[Role, str], list[str]] = {}
            for (role, place), answer in written.items():
                places.setdefault((role, answer), []).append(place)
            roles: dict[tuple[str, str], list[Role]] = {}
            for (role, answer), where in places.items():
                roles.setdefault((" ".join(where), answer), []).append(role)
            for (where_all, answer), who in roles.items():
                if answer or known != "adult":
                    yield f"{purpose} | {known} | {' '.join(who)} | {where_all} | {answer or 'nothing'}"


def _answers(gate: Gate, purpose: Purpose, known: str) -> dict[tuple[Role, str], str]:
    keys = [(role, place) for role in Role for place in JURISDICTIONS]
    cases = {
        (role, place): Case(purpose, role, "face", "engagement", "individual", (place,), TODAY, KNOWN[known])
        for role, place in keys
    }
    return {key: "; ".join(_parts(gate, asked)) for key, asked in cases.items()}


def _parts(gate: Gate, asked: Case) -> Iterator[str]:
    for consequence in ("individual", "aggregate_only"):
        for modality in ("face", "text", "telemetry"):
            for output in ("engagement", "turn_taking"):
                case = replace(asked, modality=modality, output=output, consequence=consequence)
                ruling = gate.rule(case)
                if ruling.allowed:
                    yield _short(case, ruling)


def _short(case: Case, ruling: Ruling) -> str:
    duties = ruling.duties
    who = f" {duties.human_role}" if duties.human_role else ""
    crowd = f" k{duties.aggregate_k}" if duties.aggregate_k else ""
    what = "" if case.output == output_of(case.modality) else f" for {case.output}"
    return f"{case.modality}{what} ({duties.consent} {duties.retention_days}d{who}{crowd})"


def test_what_is_allowed_is_what_was_agreed_to(gate: Gate) -> None:
    assert list(lines(gate)) == PAGE.read_text(encoding="utf-8").splitlines()


if __name__ == "__main__":
    PAGE.write_text("".join(f"{line}\n" for line in lines(Gate.load())), encoding="utf-8")
