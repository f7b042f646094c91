"""The public retention policy: what anybody may read of how long anything is kept, in their language."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from tests.server.api.scene import Scene

from countenance.contracts.call import Role
from countenance.evaluation.cards.document import Document, Facts, Items, Missing, Sheet, Words
from countenance.server.config import Deployed
from countenance.server.public import retention_policy
from countenance.server.words import LANGUAGES, words_of
from countenance.surface.wording import Wording

ANYBODY = {"accept": "*/*"}
"""No credential at all."""
TERMS = {"controllers": ["A"], "contact": "b", "storage_locations": ["c"]}
DEPLOYED = Deployed.model_validate({"purpose": "support_qa", "jurisdictions": ["US-IL"], "terms": TERMS})


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


async def test_the_retention_page_is_there_in_every_language_and_kept_apart_by_it(scene: Scene) -> None:
    async with scene.client(ANYBODY) as client:
        found = {one: await client.get(f"/privacy/retention/one?language={one}") for one in LANGUAGES}
        preferred = await client.get("/privacy/retention/one", headers={"accept-language": "fr-CH"})
    titles = {re.findall(r"<h1>(.*?)</h1>", one.text)[0] for one in found.values()}
    assert len(titles) == len(LANGUAGES)
    for language, one in found.items():
        assert "Example Ltd" in one.text
        assert f'<option value="{language}" lang="{language}" selected>' in one.text
        assert "cookie" in one.headers["vary"]
        assert "frame-ancestors 'none'" in one.headers["content-security-policy"]
    assert preferred.headers["content-language"] == "fr"


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_no_sentence_of_the_retention_policy_is_left_in_english(language: str) -> None:
    said = {one: list(sentences_of(one)) for one in ("en", language)}
    assert len(said["en"]) == len(said[language]) > 40
    same = {a for a, b in zip(said["en"], said[language], strict=True) if a == b}
    assert same <= {"A", "b", "mail"}, "what the operator says stays as it is"


def sentences_of(language: str) -> Iterator[str]:
    policy = retention_policy(DEPLOYED, date(2026, 11, 23), Wording(language, words_of(language, "retention").one))
    yield from (policy.title, policy.kind, policy.summary, *policy.notice)
    for section in policy.sections:
        yield from (section.title, section.point)
        for part in section.parts:
            yield part.title
            for block in part.blocks:
                match block:
                    case Words(words):
                        yield words
                    case Items(items):
                        yield from items
                    case Sheet(title, columns, rows):
                        yield from (title, *columns, *(str(cell) for row in rows for cell in row))
                    case Facts(rows):
                        for term, one in rows:
                            yield from (term, one.why if isinstance(one, Missing) else str(one))


def test_the_retention_page_says_in_words_and_one_row_each_for_how_long() -> None:
    policy = retention_policy(DEPLOYED, date(2026, 11, 23), Wording())
    sheets = [
        one for section in policy.sections for part in section.parts for one in part.blocks if isinstance(one, Sheet)
    ]
    found = {str(who): days for (who, *days) in sheets[0].rows}
    assert found["customer, prospect, panel member"] == ["30 days", "30 days", "90 days", "90 days"]
    assert found["student, independent learner, patient, guest"] == ["nothing", "nothing", "90 days", "90 days"]
    assert len(found) == 3
    assert not [role.value for role in Role if "_" in role.value and any(role.value in who for who in found)]


async def test_the_retention_page_takes_what_only_the_operator_can_say(tmp_path: Path) -> None:
    told = tmp_path / "operator.toml"
    told.write_text('[retention]\nbackups = "seven days"\n', encoding="utf-8")
    scene = Scene(tmp_path)
    deployed = scene.config.tenants["one"].model_copy(update={"operator": told})
    scene.site.tenants["one"] = replace(scene.one, deployed=deployed)
    async with scene.client(ANYBODY) as client:
        assert "seven days" in (await client.get("/privacy/retention/one")).text


async def test_the_policy_is_made_once_a_day_for_each_tenant_and_language(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[date] = []

    def policy(deployed: object, today: date, wording: Wording) -> Document:
        made.append(today)
        return Document(f"of {today} in {wording.language}", "", (), (), ())

    monkeypatch.setattr("countenance.server.pages.retention.retention_policy", policy)
    async with scene.client(ANYBODY) as client:
        texts = [
            (await client.get(f"/privacy/retention/{name}")).text for name in ("one", "one", "two", "one?language=de")
        ]
        scene.clock.pass_us(86_400_000_000)
        texts.append((await client.get("/privacy/retention/one")).text)
    assert [re.findall(r"<h1>(.*?)</h1>", text)[0] for text in texts] == [
        *["of 2026-11-23 in en"] * 3,
        "of 2026-11-23 in de",
        "of 2026-11-24 in en",
    ]
    assert len(made) == 4
