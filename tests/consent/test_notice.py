import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest
from tests.consent.rulings import ADULT, ALL, TERMS, ruled

from countenance.consent.notice import Notice, write_notice
from countenance.consent.terms import Terms
from countenance.consent.wording import CURRENT, Wording, languages, load, shipped, slots
from countenance.contracts.call import Modality, Purpose, Role
from countenance.contracts.errors import ConsentError, RefusedError
from countenance.contracts.trust import Duties, Effect, Ruling
from countenance.policy.vocabulary import JURISDICTIONS

LANGUAGES = ("de", "en", "es", "fr")
PINNED = Path(__file__).with_name("notices.sha256")
READ = {language: load(language) for language in LANGUAGES}
EN = READ["en"]


def shown(rulings: dict[Modality, Ruling], wording: Wording = EN, terms: Terms = TERMS) -> Notice:
    return write_notice(wording, rulings, terms)


def lines(notice: Notice, block: str) -> str:
    return " ".join(line for one in notice.blocks if one.name == block for line in one.lines)


def with_duties(rulings: dict[Modality, Ruling], **change: object) -> dict[Modality, Ruling]:
    return {m: replace(r, duties=replace(r.duties, **change)) for m, r in rulings.items()}  # type: ignore[arg-type]


def test_the_notice_is_there_in_four_languages() -> None:
    assert languages() == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_blocks_sentences_and_slots(language: str) -> None:
    here, english = load(language).blocks, EN.blocks
    assert {name: tuple(table) for name, table in here.items()} == {name: tuple(t) for name, t in english.items()}
    for name, sentences in english.items():
        for key, sentence in sentences.items():
            assert slots(here[name][key]) == slots(sentence), f"{language} [{name}] {key}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_claims_to_know_what_is_inside_a_person(language: str) -> None:
    said = " ".join(s for table in load(language).blocks.values() for s in table.values())
    assert not re.search(
        r"\b(?:feel|gefühl|fühl|sentimient|siente|ressent|sentiment|émotion|emoci|emotion)", said, re.IGNORECASE
    )


def test_a_shipped_notice_is_never_changed() -> None:
    found = {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in shipped().iterdir() if f.name.endswith("toml")}
    pinned = {name: digest for digest, name in map(str.split, PINNED.read_text(encoding="utf-8").splitlines())}
    assert found == pinned, "write a new version instead of changing one that people have answered"


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("place", JURISDICTIONS)
def test_whatever_the_gate_allows_can_be_asked_in_every_language(purpose: Purpose, place: str) -> None:
    for role in Role:
        for consequence in ("individual", "aggregate_only"):
            facts = {**ADULT, "required_by_institution": "no", "issues_certificate": "no", "exception_approved": "yes"}
            rulings = ruled(place, purpose=purpose, role=role, consequence=consequence, facts=facts)
            if not rulings:
                continue
            notices = [shown(rulings, READ[language]) for language in LANGUAGES]
            assert len({tuple((b.name, len(b.lines)) for b in notice.blocks) for notice in notices}) == 1
            assert len({notice.sha256 for notice in notices}) == len(LANGUAGES)
            assert all(notice.substance == notices[0].substance for notice in notices)
            assert not any("{" in notice.text + notice.spoken for notice in notices)


def test_every_modality_has_its_own_toggle_and_every_toggle_is_off() -> None:
    choice = next(block for block in shown(ruled("EU")).blocks if block.name == "choice")
    assert [line[:4] for line in choice.lines] == ["[ ] "] * 3
    assert [line.split(":")[0] for line in choice.lines] == ["[ ] Face", "[ ] Voice", "[ ] Words"]


def test_only_what_is_asked_for_is_named() -> None:
    notice = shown(ruled("EU", modalities=["text"]))
    assert "Words:" in lines(notice, "what")
    assert "Face:" not in notice.text
    assert "from words," in notice.spoken


def test_turn_taking_alone_asks_nothing_and_names_the_right_to_object() -> None:
    notice = shown(ruled("US-CA", modalities=["telemetry"]))
    assert not lines(notice, "choice")
    assert "may object" in notice.text
    assert "off until" not in notice.text
    assert "Your yes holds" not in notice.text
    assert "from Turns," in notice.spoken


def test_the_days_are_those_of_each_ruling() -> None:
    text = lines(shown(ruled("EU")), "keeping")
    assert "Face: deleted after 30 days" in text
    assert "Words: deleted after 90 days" in text
    assert "183 days" in text
    short = with_duties(ruled("EU", modalities=["face"]), retention_days=1)
    assert "Face: deleted after 1 day at" in lines(shown(short), "keeping")
    assert "Face: not kept after" in lines(shown(with_duties(short, retention_days=0)), "keeping")


def test_illinois_is_told_of_three_years_and_signs_a_release() -> None:
    notice = shown(ruled("US-IL"))
    assert "within 3 years of your last contact" in lines(notice, "keeping")
    assert "geometry of my face, measurements of my voice, for which" in lines(notice, "release")
    assert TERMS.retention_url is not None
    assert TERMS.retention_url in lines(notice, "release")


def test_a_release_needs_a_public_retention_policy() -> None:
    with pytest.raises(ConsentError, match="public retention policy") as caught:
        shown(ruled("US-IL"), terms=TERMS.model_copy(update={"retention_url": None}))
    assert "retention_url" in caught.value.remedy


def test_texas_is_told_of_one_year_and_signs_in_writing() -> None:
    notice = shown(ruled("US-TX"))
    assert "within one year" in lines(notice, "keeping")
    assert "I sign by typing" in lines(notice, "written")
    assert not lines(notice, "release")


def test_colorado_is_told_of_two_years() -> None:
    assert "within 2 years of your last contact" in lines(shown(ruled("US-CO")), "keeping")


def test_a_limit_that_no_notice_can_name_is_an_error() -> None:
    odd = with_duties(ruled("US-TX"), names=("destroy_on_purpose_end_max_400d",))
    with pytest.raises(ConsentError, match="has words for 400 days"):
        shown(odd)


def test_a_patient_is_told_that_the_log_is_kept_six_years() -> None:
    notice = shown(ruled("US-CA", purpose=Purpose.TELEHEALTH_SUPPORT, role=Role.PATIENT))
    assert "2190 days" in lines(notice, "keeping")
    assert "A clinician sees" in lines(notice, "who")


def test_a_young_person_and_a_guardian_are_both_addressed() -> None:
    notice = shown(ruled("US-CA", facts={"minor": "13_to_17", "b2b": "no"}))
    assert "parent or guardian" in lines(notice, "guardian").lower()
    assert "you may stop at any time" in lines(notice, "guardian")


def test_in_the_eu_nobody_under_18_is_asked_for_face_or_voice() -> None:
    young = ruled("EU", facts={"minor": "13_to_17", "b2b": "no"})
    assert not {"face", "voice"} & set(young)
    assert "parent or guardian" in lines(shown(young), "guardian").lower()


def test_groups_see_only_groups_and_self_training_is_seen_by_oneself() -> None:
    panel = ruled("EU", purpose=Purpose.FOCUS_GROUP, role=Role.PANELIST, consequence="aggregate_only")
    assert "groups of at least 10 people" in lines(shown(panel), "who")
    own = ruled("US-CA", purpose=Purpose.SELF_TRAINING, role=Role.EMPLOYEE)
    assert "You alone." in lines(shown(own), "who")
    assert "personnel" in lines(shown(own), "who")


def test_different_viewers_are_named_for_each_modality() -> None:
    said = lines(shown(ruled("US-CA")), "who")
    assert "Face, Voice, Words: A coach sees" in said
    assert "Turns: A person named by Example Ltd sees" in said


def test_two_reviewers_and_one_that_no_text_knows_have_a_line_each() -> None:
    both = with_duties(ruled("EU", modalities=["face"]), human_role="coach and dpo")
    said = lines(shown(both), "who")
    assert "A coach sees" in said
    assert "A person named by Example Ltd sees" in said


def test_recipients_are_named_and_washington_asks_apart_for_passing_on() -> None:
    terms = TERMS.model_copy(update={"recipients": ("Crm Inc",)})
    assert "passed on to: Crm Inc." in lines(shown(ruled("EU"), terms=terms), "who")
    assert "a consent of its own" not in shown(ruled("EU"), terms=terms).text
    assert "a consent of its own" in lines(shown(ruled("US-WA"), terms=terms), "who")
    assert "is not sold" in lines(shown(ruled("US-WA")), "who")


def test_the_person_learns_who_is_responsible_and_where_to_complain() -> None:
    full = Terms(
        controllers=("Example Ltd", "Sample GmbH"),
        contact="privacy@example.org",
        data_protection_officer="D. Officer",
        storage_locations=("Frankfurt",),
        transfers=("Canada (adequacy decision)",),
        authority="The Authority",
        policy_url="https://example.org/privacy",
        retention_url="https://example.org/privacy/retention",
        withdrawal={"en": "with the red button"},
    )
    notice = shown(ruled("EU"), terms=full)
    for fact in ("Example Ltd, Sample GmbH.", "D. Officer", "Frankfurt", "Canada (adequacy decision)", "/privacy."):
        assert fact in lines(notice, "responsible")
    assert "The Authority" in lines(notice, "rights")
    assert "with the red button" in lines(notice, "withdraw")
    assert "mit einem Schalter" in shown(ruled("EU"), load("de"), full).text


def test_rights_follow_the_place_and_an_unknown_place_has_the_strictest() -> None:
    assert "GDPR" in lines(shown(ruled("EU")), "rights")
    assert "GDPR" in lines(shown(ruled(facts=ADULT)), "rights")
    assert "GDPR" not in shown(ruled("US-CA")).text
    assert "9(2)(a)" not in lines(shown(ruled("EU", modalities=["text"])), "rights")
    assert "basis for words" not in lines(shown(ruled("EU", modalities=["face"])), "rights")


def test_the_hash_is_of_the_exact_text_and_the_short_form_has_its_own() -> None:
    notice = shown(ruled("EU"))
    assert notice.sha256 == hashlib.sha256(notice.text.encode()).hexdigest()
    assert notice.spoken_sha256 == hashlib.sha256(notice.spoken.encode()).hexdigest()
    assert notice.id == CURRENT
    assert notice.text.endswith("\n")
    assert shown(ruled("EU")).sha256 == notice.sha256


@pytest.mark.parametrize(
    "change",
    [
        {"controllers": ("Other Ltd",)},
        {"recipients": ("Crm Inc",)},
        {"transfers": ("Canada",)},
    ],
)
def test_who_and_where_are_part_of_what_a_yes_relies_on(change: dict[str, object]) -> None:
    before = shown(ruled("EU")).substance
    after = shown(ruled("EU"), terms=TERMS.model_copy(update=change)).substance
    assert all(before[m] != after[m] for m in ALL)


@pytest.mark.parametrize(
    "change",
    [
        {"retention_days": 29},
        {"consent": "express_written"},
        {"human_role": "tutor"},
        {"aggregate_k": 12},
        {"names": ("visible_to_subject_only",)},
    ],
)
def test_duties_that_change_what_happens_change_the_substance(change: dict[str, object]) -> None:
    before = ruled("EU", modalities=["face"])
    assert shown(before).substance != shown(with_duties(before, **change)).substance


def test_what_changes_nothing_for_the_person_keeps_the_substance() -> None:
    before = ruled("EU", modalities=["face"])
    contact = TERMS.model_copy(update={"contact": "new@example.org"})
    assert shown(before).substance == shown(with_duties(before, names=("art9_rms",)), terms=contact).substance


def test_nobody_is_asked_for_what_the_law_refuses() -> None:
    refused = {m: replace(r, effect=Effect.DENY) for m, r in ruled("EU", modalities=["face"]).items()}
    with pytest.raises(RefusedError, match="face may not be asked for"):
        shown(refused)


def test_a_notice_asks_for_something_and_for_one_purpose() -> None:
    with pytest.raises(ConsentError, match="asks for nothing"):
        shown({})
    two = ruled("EU", modalities=["face"]) | ruled("EU", purpose=Purpose.SALES_COACHING, modalities=["voice"])
    with pytest.raises(ConsentError, match="two purposes"):
        shown(two)


def test_a_modality_that_no_text_describes_is_not_asked_for() -> None:
    face = ruled("EU", modalities=["face"])["face"]
    gait = replace(face, case=replace(face.case, modality="gait"), duties=Duties())
    with pytest.raises(ConsentError, match="no words for what 'gait'"):
        shown({"face": face, "gait": gait})


def test_an_unknown_language_names_those_there_are() -> None:
    with pytest.raises(ConsentError, match=r"no notice call\.v2 in 'it'") as caught:
        load("it")
    assert "de, en, es, fr" in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[notice", "not valid TOML"),
        ('[notice]\nid = "call.v1"\nlanguage = "en"', "says it is another notice"),
        ('title = "none"', "says it is another notice"),
        ('[notice]\nid = "call.v2"\nlanguage = "en"\n[why]\ntitle = 3', r"\[why\] is not a table of sentences"),
        ('why = "x"\n[notice]\nid = "call.v2"\nlanguage = "en"', r"\[why\] is not a table of sentences"),
        ('[notice]\nid = "call.v2"\nlanguage = "en"\n[why]\ntitle = " "', r"\[why\] is not a table of sentences"),
    ],
)
def test_a_file_that_is_no_notice_says_what_is_wrong(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "call.v2.en.toml").write_text(text, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not a notice", encoding="utf-8")
    with pytest.raises(ConsentError, match=message):
        load("en", folder=tmp_path)


@pytest.mark.parametrize("age", ["under_13", "13_to_17"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_for_a_guardian_fit_every_age_that_needs_one(language: str, age: str) -> None:
    facts = {"minor": age}
    child = ruled("US-CA", purpose=Purpose.EDUCATION_ENGAGEMENT, role=Role.STUDENT, modalities=["text"], facts=facts)
    (title,) = (block.title for block in shown(child, READ[language]).blocks if block.name == "guardian")
    assert re.findall(r"\d+", title) == ["18"]


def test_a_notice_that_is_no_longer_shown_can_still_be_read() -> None:
    assert languages("call.v1") == LANGUAGES
    assert load("de", "call.v1").say("guardian", "title") != READ["de"].say("guardian", "title")


def test_where_anybody_agrees_in_writing_a_guardian_does_too() -> None:
    teen, school = {"minor": "13_to_17"}, {"purpose": Purpose.EDUCATION_ENGAGEMENT, "role": Role.STUDENT}
    texas = shown(ruled("US-TX", modalities=["face"], facts=teen, **school))  # type: ignore[arg-type]
    assert [block.name for block in texas.blocks][-3:] == ["written", "guardian", "choice"]
    uk = shown(ruled("UK", modalities=["face"], facts=teen, **school))  # type: ignore[arg-type]
    assert "written" not in [block.name for block in uk.blocks]
