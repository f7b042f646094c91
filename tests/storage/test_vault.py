"""The vault."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from countenance.contracts.errors import VaultError
from countenance.storage.keys import KeyFolder
from countenance.storage.rotation import rotate, tag_columns
from countenance.storage.sealing import BLOCK_BYTES, EpochKeys, Record, seal_record, unseal_record
from countenance.storage.store import Store
from countenance.storage.tables import asks, deks, keks, metadata, names, payloads
from countenance.storage.vault import Vault


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store", tenant="acme") as store:
        yield store


@pytest.fixture
def vault(tmp_path: Path, store: Store) -> Vault:
    return Vault.open(KeyFolder(tmp_path / "keys"), store)


def sealed(vault: Vault, ref: str, payload: bytes = b'{"label": "calm"}') -> str:
    with vault.store.transaction() as tx:
        vault.enrol(tx, ref)
        return vault.seal(tx, ref, payload, "reading")


def test_what_was_sealed_is_read_back(vault: Vault) -> None:
    name = sealed(vault, "s1")
    with vault.store.reading() as tx:
        assert vault.open_sealed(tx, name).payload == b'{"label": "calm"}'
        assert vault.sealed_of(tx, "s1") == ((name, "reading"),)
        assert vault.sealed_of(tx, "s2") == ()


def test_many_are_opened_at_once_in_the_order_asked_for(vault: Vault) -> None:
    ids = [sealed(vault, f"s{n}", b"%d" % n) for n in range(3)]
    with vault.store.reading() as tx:
        assert [record.payload for record in vault.open_all(tx, [ids[2], ids[0]])] == [b"2", b"0"]
        with pytest.raises(VaultError, match="It was erased"):
            vault.open_all(tx, [ids[0], "none"])


def test_a_record_keeps_the_salt_that_opens_its_commitment(vault: Vault) -> None:
    record = vault.record(b"calm")
    with vault.store.transaction() as tx:
        vault.enrol(tx, "s1")
        name = vault.seal(tx, "s1", record, "reading", call_ref="c1", seq=7, delete_due_utc_us=9)
        found = vault.open_sealed(tx, name)
        row = tx.first(tx.select(payloads))
    assert found == record
    assert found.commitment == record.commitment != vault.record(b"calm").commitment
    assert row is not None
    assert (row.call_ref, row.seq, row.delete_due_utc_us) == ("c1", 7, 9)


def test_nothing_readable_lies_in_the_files(vault: Vault, tmp_path: Path) -> None:
    with vault.store.transaction() as tx:
        vault.enrol(tx, "s1")
        vault.seal(tx, "s1", b"MARKER-of-a-reading", "reading")
        vault.name(tx, "person", "MARKER-of-a-person")
    data = b"".join(path.read_bytes() for path in (tmp_path / "store").iterdir())
    assert b"MARKER" not in data
    assert len(data) > 4096


def test_boxes_of_all_labels_have_one_size(vault: Vault) -> None:
    labels = (b"anger", b"disgust", b"fear", b"happiness", b"neutral", b"sadness", b"surprise")
    boxes = {len(seal_record(bytes(32), vault.record(label), ("c",), lambda size: bytes(size))) for label in labels}
    assert boxes == {12 + BLOCK_BYTES + 16}


@given(payload=st.binary(max_size=2_000), context=st.lists(st.text(max_size=5), max_size=3).map(tuple))
def test_any_payload_comes_back_whole_and_only_under_its_context(payload: bytes, context: tuple[str, ...]) -> None:
    box = seal_record(bytes(32), Record(bytes(32), payload), context, lambda size: bytes(size))
    assert unseal_record(bytes(32), box, context).payload == payload
    with pytest.raises(VaultError, match="does not open"):
        unseal_record(bytes(32), box, (*context, ""))


@given(at=st.integers(0, 12 + BLOCK_BYTES + 15), bit=st.integers(0, 7))
def test_any_flipped_bit_of_a_box_is_noticed(at: int, bit: int) -> None:
    box = bytearray(seal_record(bytes(32), Record(bytes(32), b"calm"), ("c",), lambda size: bytes(size)))
    box[at] ^= 1 << bit
    with pytest.raises(VaultError, match="does not open"):
        unseal_record(bytes(32), bytes(box), ("c",))


def test_a_box_that_was_cut_is_noticed() -> None:
    with pytest.raises(VaultError, match="does not open"):
        unseal_record(bytes(32), b"short", ("c",))


def test_a_payload_moved_to_another_subject_does_not_open(vault: Vault) -> None:
    name = sealed(vault, "s1")
    sealed(vault, "s2")
    with vault.store.transaction() as tx:
        tx.execute(tx.update(payloads).where(payloads.c.payload_id == name).values(subject_ref="s2"))
        with pytest.raises(VaultError, match="does not open"):
            vault.open_sealed(tx, name)


def test_a_key_moved_to_another_subject_does_not_open(vault: Vault) -> None:
    sealed(vault, "s1")
    with vault.store.transaction() as tx:
        tx.execute(tx.update(deks).values(subject_ref="s2"))
        with pytest.raises(VaultError, match="does not open"):
            vault.seal(tx, "s2", b"calm", "reading")


def test_what_is_forgotten_is_gone_and_nothing_more_is_kept_about_it(vault: Vault) -> None:
    gone, kept = sealed(vault, "s1"), sealed(vault, "s2")
    with vault.store.transaction() as tx:
        vault.forget(tx, "s1")
        vault.forget(tx, "s1")
        with pytest.raises(VaultError, match="It was erased"):
            vault.open_sealed(tx, gone)
        with pytest.raises(VaultError, match="s1 has no key"):
            vault.seal(tx, "s1", b"late", "reading")
        assert vault.open_sealed(tx, kept).payload == b'{"label": "calm"}'


def test_a_name_is_found_by_its_tag_until_it_is_forgotten(vault: Vault) -> None:
    with vault.store.transaction() as tx:
        tag = vault.name(tx, "person", "p1")
        assert vault.name(tx, "person", "p1") == tag == vault.tag(tx, "person", "p1")
        assert vault.tag(tx, "person", "p2") != tag != vault.tag(tx, "personp1")
        assert vault.named(tx, tag) == ("person", "p1")
        vault.forget_name(tx, tag)
        with pytest.raises(VaultError, match="nothing has the tag"):
            vault.named(tx, tag)


def test_a_rotation_keeps_what_lives_and_ends_the_old_key(vault: Vault) -> None:
    name = sealed(vault, "s1")
    with vault.store.transaction() as tx:
        old_tag = vault.name(tx, "person", "p1")
        tx.insert(asks, ask("a1", old_tag))
    rotation = rotate(vault)
    assert (rotation.old, rotation.new, rotation.keys, rotation.tags) == (1, 2, 1, 1)
    assert vault.keys.epochs() == (2,)
    with vault.store.reading() as tx:
        assert vault.open_sealed(tx, name).payload == b'{"label": "calm"}'
        tag = vault.tag(tx, "person", "p1")
        assert tag != old_tag
        assert vault.named(tx, tag) == ("person", "p1")
        assert [row.person_tag for row in tx.rows(tx.select(asks))] == [tag]
        assert [row.epoch for row in tx.rows(tx.select(keks)) if row.destroyed_utc_us is None] == [2]


def test_an_empty_vault_rotates_too(vault: Vault) -> None:
    assert rotate(vault).keys == 0
    assert rotate(vault).new == 3


def test_every_table_with_a_tag_is_renamed_by_a_rotation() -> None:
    assert {(table.name, column.name) for table, column in tag_columns()} >= {
        ("calls", "call_tag"), ("subjects", "seat_tag"), ("subjects", "person_tag"),
        ("consents", "person_tag"), ("asks", "person_tag"),
    }  # fmt: skip
    tags = [column for table in metadata.sorted_tables for column in table.columns if "tag" in column.name]
    assert {column.name for column in tags} - {column.name for _, column in tag_columns()} == {names.c.tag.name}


def test_an_old_backup_opens_with_no_key_that_exists_after_a_rotation(vault: Vault) -> None:
    sealed(vault, "s1")
    with vault.store.reading() as tx:
        row = tx.first(tx.select(deks))
    assert row is not None
    rotate(vault)
    for epoch in vault.keys.epochs():
        keys = EpochKeys.of(epoch, vault.keys.kek(epoch))
        with pytest.raises(VaultError, match="does not open"):
            keys.unwrap(row.wrapped, "acme", "s1")


def test_a_store_whose_key_is_gone_is_not_opened(vault: Vault) -> None:
    vault.keys.destroy_kek(1)
    with pytest.raises(VaultError, match=r"kek-1\.key does not exist"):
        Vault.open(vault.keys, vault.store)


def test_an_empty_store_beside_keys_goes_on_in_their_epoch(tmp_path: Path, store: Store) -> None:
    keys = KeyFolder(tmp_path / "keys")
    keys.make_kek(4)
    vault = Vault.open(keys, store)
    with store.reading() as tx:
        assert vault.epoch(tx) == 4


def test_a_vault_that_was_never_opened_says_so(tmp_path: Path, store: Store, vault: Vault) -> None:
    with store.transaction() as tx:
        tx.execute(tx.delete(keks))
        with pytest.raises(VaultError, match="never opened"):
            vault.current(tx)


class DiedError(Exception):
    """The process dies here."""


POINTS = (
    "rotation kek made", "rotation keys wrapped", "rotation tags made", "rotation committed", "rotation kek destroyed",
)  # fmt: skip


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(crashes=st.lists(st.sampled_from(POINTS), max_size=4), people=st.integers(0, 4))
def test_a_rotation_that_dies_anywhere_any_number_of_times_loses_nothing(
    tmp_path_factory: pytest.TempPathFactory, crashes: list[str], people: int
) -> None:
    folder = tmp_path_factory.mktemp("rotation")
    with Store.open(folder / "store") as store:
        vault = Vault.open(KeyFolder(folder / "keys"), store)
        kept = [sealed(vault, f"s{n}", b"%d" % n) for n in range(people)]
        with store.transaction() as tx:
            for n in range(people):
                tx.insert(asks, ask(f"a{n}", vault.name(tx, "person", f"p{n}")))
        for crash in crashes:
            with pytest.raises(DiedError):
                rotate(vault, dying_at(crash))
            vault = Vault.open(KeyFolder(folder / "keys"), store)
        rotate(vault)
        vault = Vault.open(KeyFolder(folder / "keys"), store)
        with store.reading() as tx:
            assert [vault.open_sealed(tx, name).payload for name in kept] == [b"%d" % n for n in range(people)]
            assert sorted(row.person_tag for row in tx.rows(tx.select(asks))) == sorted(
                vault.tag(tx, "person", f"p{n}") for n in range(people)
            )
            assert vault.keys.epochs() == (vault.epoch(tx),)


def dying_at(point: str) -> Callable[[str], None]:
    def reached(name: str) -> None:
        if name == point:
            raise DiedError

    return reached


def ask(name: str, tag: str) -> dict[str, object]:
    return {
        "ask_id": name, "person_tag": tag, "subject_ref": "s", "modality": "face", "purpose": "focus_group",
        "substance": "s", "notice_sha256": "h", "at_utc_us": 0,
    }  # fmt: skip
