"""Blocks on who is read, on what ground, and under which duties."""

from collections.abc import Iterator

from countenance.contracts.call import FACE, TELEMETRY, TEXT, VOICE
from countenance.contracts.trust import Ruling
from countenance.evaluation.cards.document import Block, Code, Items, Said, Sheet, Words
from countenance.evidence.plan import duties, paper
from countenance.evidence.standing import Standing
from countenance.surface.wording import Wording

CALLED = {FACE: "face", VOICE: "voice", TEXT: "words", TELEMETRY: "who spoke when"}
MILDER = (TELEMETRY, TEXT, VOICE, FACE)
"""The less a modality tells of a body, the earlier it stands."""
CONSENTS = {
    "none": "none asked for; an objection counts",
    "explicit": "explicit",
    "express_written": "express, in writing",
    "written_release": "a written release",
    "parental_verifiable": "a parent's or guardian's, verifiable",
}
RECOMMENDED = "recommended:"


def people(standing: Standing) -> Iterator[Block]:
    """One row per participant and modality: read or refused, and by what."""
    rows = []
    for participant, rulings in standing.people():
        for modality, ruling in rulings.items():
            rows.append(
                (role_of(ruling, participant.id), CALLED.get(modality, modality), _answer(ruling), _why(ruling))
            )
    yield Sheet("Who may be read", ("person", "modality", "answer", "rule and source"), tuple(rows))


def milder(standing: Standing) -> Iterator[Block]:
    """What the gate allows of each person, from the least telling modality on."""
    items = []
    for participant, rulings in standing.people():
        allowed = [CALLED[m] for m in MILDER if m in rulings and rulings[m].allowed]
        who = f"{participant.id} ({participant.role.value})"
        items.append(f"{who}: {', '.join(allowed) if allowed else 'nothing may be read'}")
    yield Words("Allowed here, the least telling first:")
    yield Items(tuple(items))


def grounds(standing: Standing) -> Iterator[Block]:
    """The kind of consent per person and modality."""
    rows = tuple(
        (role_of(ruling, who), CALLED.get(modality, modality), CONSENTS[ruling.duties.consent])
        for (who, modality), ruling in standing.rulings.items()
        if ruling.allowed
    )
    if rows:
        yield Sheet("Consent that the rulings ask for", ("person", "modality", "kind"), rows)


def reviewers(standing: Standing) -> Iterator[Block]:
    """Who must review, where a ruling names somebody."""
    found = {r.duties.human_role for r in standing.rulings.values() if r.allowed and r.duties.human_role}
    for role in sorted(found):
        yield Words(f"The rulings ask that a {role} reviews what is shown.")


def duties_met(standing: Standing) -> Iterator[Block]:
    """Every duty of every ruling, what the program does, and what is left to do."""
    names = list(dict.fromkeys(n for r in standing.rulings.values() if r.allowed for n in r.duties.names))
    bound = [name for name in names if not name.startswith(RECOMMENDED)]
    coming = [bare for name in names if (bare := name.removeprefix(RECOMMENDED)) != name and bare not in bound]
    columns = ("duty", "what it means", "what the program does", "what you do")
    if bound:
        yield Sheet("Binding now", columns, tuple(_duty(name) for name in bound))
    if coming:
        yield Sheet("Binding later, recommended now", columns, tuple(_duty(name) for name in coming))


def risks(standing: Standing) -> Iterator[Block]:
    """Risks to people, as far as a modality is read that bears them."""
    read = standing.read()
    rows = tuple((r.what, r.measure) for r in paper("dpia").risk if not r.to or set(r.to) & set(read))
    yield Sheet("Risks to people", ("what can go wrong", "what the program does about it"), rows)


def retention(standing: Standing, wording: Wording) -> Iterator[Block]:
    """Days per modality, those who are treated alike in one row: a page for people knows no places on a call."""
    alike: dict[tuple[str, ...], dict[str, None]] = {}
    for participant, rulings in standing.people():
        kept = tuple(_kept(rulings.get(modality), wording) for modality in CALLED)
        alike.setdefault(kept, {})[wording.role(participant.role)] = None
    _ = wording.say
    nothing = {_("nothing")}
    rows = tuple((", ".join(roles), *kept) for kept, roles in alike.items() if set(kept) != nothing)
    if rows:
        columns = (_("who"), _("face"), _("voice"), _("words"), _("who spoke when"))
        yield Sheet(_("Readings are kept for at most"), columns, rows)
        yield Words(_("Of everybody else nothing is kept."))
    else:
        yield Words(_("Nothing may be read in this deployment, so nothing is kept."))


def schedule(standing: Standing, wording: Wording) -> Iterator[Block]:
    """When something is destroyed, in plain sentences."""
    _ = wording.say
    days = [ruling.duties.retention_days for ruling in standing.rulings.values() if ruling.allowed]
    items = [_("When you ask for it."), _("When the purpose is met.")]
    if days:
        latest = _("At the latest {count} days after the call; most kinds earlier, see the table.")
        items.append(latest.format(count=max(days)))
    items.append(_("Never later than three years after we last had to do with you."))
    yield Items(tuple(items))


def rulings(standing: Standing) -> Iterator[Block]:
    """Every rule that speaks, per person and modality."""
    for participant, answers in standing.people():
        for modality, ruling in answers.items():
            answer = "allowed" if ruling.allowed else "refused"
            rows: tuple[tuple[Said, ...], ...] = tuple(
                (Code(v.rule_id), v.layer.value, v.effect.value, v.reason, v.citation) for v in ruling.verdicts
            )
            title = f"{CALLED.get(modality, modality)} of {role_of(ruling, participant.id)}: {answer}"
            yield Sheet(title, ("rule", "layer", "effect", "reason", "source"), rows)


def role_of(ruling: Ruling, who: str) -> str:
    """A participant without a name: the place on the call and the role."""
    return f"{who} ({ruling.case.role.value})"


def _kept(ruling: Ruling | None, wording: Wording) -> str:
    _ = wording.say
    if ruling is None or not ruling.allowed:
        return _("nothing")
    days = ruling.duties.retention_days
    return _("1 day") if days == 1 else _("{count} days").format(count=days)


def _answer(ruling: Ruling) -> str:
    if not ruling.allowed:
        return "refused"
    return "measured; an objection ends it" if ruling.duties.consent == "none" else "read, with consent"


def _why(ruling: Ruling) -> str:
    first = ruling.verdicts[0]
    return f"{first.rule_id}: {first.reason} [{first.citation}]"


def _duty(name: str) -> tuple[str, ...]:
    duty = duties()[name]
    return name, duty.means, duty.program or "nothing; it lies outside a program", duty.operator or "nothing more"
