import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from countenance.surface.schemas import schemas, to_text, write

FOLDER = Path(__file__).parents[2] / "schema"
FORBIDDEN = {
    *("deception", "deceptive", "lie", "lying", "truth", "truthfulness", "honesty", "personality", "intent"),
    *("quit", "age", "gender", "sex", "race", "ethnicity", "religion", "disability", "orientation", "accent"),
    *("diagnosis", "depression", "embedding", "voiceprint", "faceprint", "identity", "score", "feels", "feeling"),
}


def names(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "properties":
                yield from inner
            if key == "enum":
                yield from inner
            if key == "const":
                yield str(inner)
            yield from names(inner)
    if isinstance(value, list):
        for inner in value:
            yield from names(inner)


def tokens(name: str) -> set[str]:
    return set(re.findall(r"[a-z]+", name.lower()))


@pytest.mark.parametrize("name", sorted(schemas()))
def test_the_file_in_the_repository_is_the_schema_of_the_code(name: str) -> None:
    assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == to_text(schemas()[name])


def test_the_folder_holds_nothing_else() -> None:
    described = {"openapi", "asyncapi"}  # the service's own, tested where it is described
    assert {path.stem for path in FOLDER.glob("*.json")} == {*schemas(), *described}


@pytest.mark.parametrize("name", sorted(schemas()))
def test_a_schema_is_itself_valid_and_carries_its_own_name(name: str) -> None:
    schema = schemas()[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"/schemas/{name}.json"


@pytest.mark.parametrize("name", sorted(schemas()))
def test_no_schema_can_hold_an_output_that_does_not_exist(name: str) -> None:
    for word in names(schemas()[name]):
        assert not tokens(word) & FORBIDDEN, f"{word} in {name}"


def test_the_search_for_forbidden_words_finds_them() -> None:
    planted = {"properties": {"a": {"properties": {"truth_level": {}}}, "b": {"enum": ["accent"]}}}
    assert [word for word in names(planted) if tokens(word) & FORBIDDEN] == ["truth_level", "accent"]


def test_the_schemas_are_written_into_any_folder(tmp_path: Path) -> None:
    assert len(write(tmp_path / "new")) == len(schemas())
