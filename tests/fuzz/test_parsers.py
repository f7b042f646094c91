"""The short form of the fuzzing: every parser gets some of its cases, and a parser that breaks is caught."""

import time
from pathlib import Path

import pytest
from bench.fuzz import run as fuzz
from bench.fuzz.parsers import Parser, parsers

from countenance.contracts.errors import UsageError

NAMES = [one.name for one in parsers(Path("nowhere"))]


@pytest.mark.parametrize("name", NAMES)
def test_a_parser_reads_its_cases_or_refuses_them(name: str, tmp_path: Path) -> None:
    (parser,) = (one for one in parsers(tmp_path) if one.name == name)
    found = fuzz.run(parser, 60, seed=7)
    assert found.misses == []
    assert found.read + found.refused == 60


@pytest.mark.parametrize("name", NAMES)
def test_what_a_parser_should_be_given_it_reads(name: str, tmp_path: Path) -> None:
    (parser,) = (one for one in parsers(tmp_path) if one.name == name)
    if name == "consent receipt":
        with pytest.raises(Exception, match="do not agree"):
            parser.take(parser.samples[0])
    else:
        for sample in parser.samples:
            parser.take(sample)


def _breaks(data: bytes) -> object:
    if not data:
        raise UsageError("there is nothing", "Give something.")
    return {"a": 1}[data.decode("latin-1")]


def test_a_parser_that_breaks_is_a_miss_that_can_be_made_again() -> None:
    found = fuzz.run(Parser("breaks", [b"a"], _breaks), 20, seed=3)
    assert found.refused >= 1
    assert found.misses
    assert found.misses[0].startswith("breaks, case 1 of seed 3: KeyError")
    assert fuzz.run(Parser("breaks", [b"a"], _breaks), 20, seed=3).misses == found.misses


def test_a_parser_that_hangs_is_stopped_and_is_a_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "LONGEST_S", 0.02)
    found = fuzz.run(Parser("hangs", [b"a"], lambda data: None if data else time.sleep(60)), 12, seed=3)
    assert [miss.split(": ")[1] for miss in found.misses] == ["HungError"]
    assert found.read == 11


def test_the_figures_count_every_case() -> None:
    found = [fuzz.run(Parser(name, [b"a"], _breaks), 20, seed=3) for name in ("one", "other")]
    told = fuzz.outcome(found, 3)
    assert told.figures["cases"] == 40
    assert told.figures["parsers"] == 2
    assert len(told.misses) == sum(len(one.misses) for one in found)
