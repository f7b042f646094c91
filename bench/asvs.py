"""Write `docs/asvs.md` out of `docs/asvs.toml`: how the service stands to OWASP ASVS 5.0.0, levels 1 and 2.

python -m bench.asvs            # writes the page
python -m bench.asvs --check    # exits 1 when the page is not what it would write
"""

import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"
FILE, PAGE = DOCS / "asvs.toml", DOCS / "asvs.md"
CHAPTERS: Mapping[int, str] = {
    1: "Encoding and sanitization", 2: "Validation and business logic", 3: "Web frontend", 4: "API and web service",
    5: "Files", 6: "Authentication", 7: "Sessions", 8: "Authorization", 9: "Self-contained tokens",
    10: "OAuth and OIDC", 11: "Cryptography", 12: "Secure communication", 13: "Configuration", 14: "Data protection",
    15: "Secure coding and architecture", 16: "Logging and errors", 17: "WebRTC",
}  # fmt: skip


INTRODUCTION = """\
How a running service stands to the [Application Security Verification Standard](https://github.com/OWASP/ASVS)
5.0.0 of May 2025, levels 1 and 2, requirement by requirement. Written by `python -m bench.asvs` out of
[asvs.toml](asvs.toml), which names the tests; never edited by hand. A test says that each of them exists. The words are
ours and say less than the standard.

This is our own reading: nobody else has assessed it. A test that is named checks the part of the requirement that this
code decides; where the requirement asks that something be written down, it holds [security.md](security.md) to the
code.
"""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement of ASVS: what it asks in a few words of ours, and how we stand to it."""

    id: str
    level: int
    asks: str
    applies: bool
    tests: tuple[str, ...] = ()
    exception: str = ""
    reason: str = ""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Requirement":
        """From its table; an unknown key is a TypeError."""
        return cls(**{**row, "tests": tuple(row.get("tests", ()))})

    @property
    def chapter(self) -> int:
        """The first number of its id."""
        return int(self.id.partition(".")[0])


def requirements() -> Sequence[Requirement]:
    """All of them, in their order."""
    return [Requirement.of(row) for row in tomllib.loads(FILE.read_text(encoding="utf-8"))["requirement"]]


def automated(rows: Sequence[Requirement]) -> float:
    """The share with tests of those that apply."""
    return sum(1 for one in rows if one.tests) / sum(1 for one in rows if one.applies)


def page() -> str:
    """The whole page."""
    rows = requirements()
    lines = [
        "# OWASP ASVS 5.0.0",
        "",
        *INTRODUCTION.splitlines(),
        "",
        *table(rows),
        "",
        f"Of those that apply, **{automated(rows):.1%}** have tests; the others are the exceptions below.",
        "",
        *(line for chapter in CHAPTERS for line in section(chapter, [one for one in rows if one.chapter == chapter])),
    ]
    return "\n".join(lines).rstrip() + "\n"


def table(rows: Sequence[Requirement]) -> Iterator[str]:
    """How many there are, chapter by chapter."""
    yield from ("| chapter | levels 1 and 2 | apply | with tests | exceptions |", "|---|---|---|---|---|")
    for name, some in [
        *((f"V{number} {name}", [one for one in rows if one.chapter == number]) for number, name in CHAPTERS.items()),
        ("all", rows),
    ]:
        applying = [one for one in some if one.applies]
        tested = sum(1 for one in applying if one.tests)
        yield f"| {name} | {len(some)} | {len(applying)} | {tested} | {len(applying) - tested} |"


def section(chapter: int, rows: Sequence[Requirement]) -> Iterator[str]:
    """One chapter: every requirement in one line."""
    yield from (f"## V{chapter} {CHAPTERS[chapter]}", "", "| id | level | asks | how it stands |", "|---|---|---|---|")
    for one in rows:
        yield f"| {one.id} | {one.level} | {one.asks} | {standing(one)} |"
    yield ""


def standing(one: Requirement) -> str:
    """In one cell: tests by their files, the exception, or why it does not apply."""
    if one.exception:
        return f"**Exception.** {one.exception}"
    if not one.applies:
        return f"Does not apply: {one.reason}."
    files = list(dict.fromkeys(test.partition("::")[0] for test in one.tests))
    return ", ".join(f"[{Path(file).stem}](../{file})" for file in files)


def main() -> None:
    """Write or check the page."""
    text = page()
    if "--check" in sys.argv[1:]:
        sys.exit(0 if PAGE.read_text(encoding="utf-8") == text else "docs/asvs.md is stale: run `python -m bench.asvs`")
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
