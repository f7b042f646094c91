"""Weights fetched from a hub that drops, lies and redirects; nothing is taken that was not promised."""

import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.encoders.foreign import FER, FER_PLACES, LICENCE, face_net
from tests.inference.hubs import COMMIT, Hub, running

from countenance.contracts.errors import BundleError, DownloadError, UsageError
from countenance.inference.bundle import sha256
from countenance.inference.catalogue import Entry, find, names
from countenance.inference.hub import ask, fetch
from countenance.inference.pull import LOCK, Wanted, plan, present, pull, read_lock, take
from countenance.inference.shelf import Profile, Shelf

DATA = np.random.default_rng(0).bytes(900_000)
FILE = "/tiny/resolve/main/model.onnx"


def silent(done: int, total: int | None) -> None:
    pass


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running(Hub({"/file": DATA})) as served:
        yield served


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return face_net(tmp_path_factory.mktemp("net") / "model.onnx", 32, len(FER))


def entry(url: str, **known: object) -> Entry:
    card = {
        "id": "tiny",
        "summary": "Random weights.",
        "licence": LICENCE,
        "face": {"size": 32},
        "output": {"labels": FER, "emotions": FER_PLACES},
    }
    file = {"as": "model.onnx", "url": url, **known}
    return Entry.model_validate(
        {"name": "tiny", "title": "Tiny", "form": "onnx", "note": "n", "file": [file], "card": card}
    )


# --- one file


def test_a_file_arrives_whole(hub: Hub, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    fetch(hub.url("/file"), tmp_path / "part", len(DATA), lambda done, total: seen.append((done, total)))
    assert (tmp_path / "part").read_bytes() == DATA
    assert seen[-1] == (len(DATA), len(DATA))


def test_a_broken_download_goes_on_behind_what_is_there(hub: Hub, tmp_path: Path) -> None:
    hub.drop_after, hub.drops = 250_000, 3
    fetch(hub.url("/file"), tmp_path / "part", len(DATA), silent)
    assert (tmp_path / "part").read_bytes() == DATA
    assert [asked for _, _, asked in hub.asked] == [None, "bytes=250000-", "bytes=500000-", "bytes=750000-"]


def test_the_next_run_goes_on_too(hub: Hub, tmp_path: Path) -> None:
    hub.drop_after = 50_000
    with pytest.raises(DownloadError, match=r"broke off after 400000 of 900000 bytes.*goes on where it stopped"):
        fetch(hub.url("/file"), tmp_path / "part", len(DATA), silent)
    hub.drop_after = None
    hub.asked.clear()
    fetch(hub.url("/file"), tmp_path / "part", len(DATA), silent)
    assert (tmp_path / "part").read_bytes() == DATA
    assert hub.asked == [("GET", "/file", "bytes=400000-")]


def test_a_server_without_ranges_starts_over(hub: Hub, tmp_path: Path) -> None:
    hub.ranges, hub.drop_after, hub.drops = False, 300_000, 1
    fetch(hub.url("/file"), tmp_path / "part", len(DATA), silent)
    assert (tmp_path / "part").read_bytes() == DATA


def test_an_unknown_size_is_learnt_on_the_way(hub: Hub, tmp_path: Path) -> None:
    hub.drop_after, hub.drops = 600_000, 1
    fetch(hub.url("/file"), tmp_path / "part", None, silent)
    assert (tmp_path / "part").read_bytes() == DATA


def test_a_server_that_promises_more_than_it_has_is_not_believed(hub: Hub, tmp_path: Path) -> None:
    hub.claims = 2_000_000
    with pytest.raises(DownloadError, match="broke off after 900000 of 2000000 bytes"):
        fetch(hub.url("/file"), tmp_path / "part", None, silent)


def test_a_server_that_sends_more_than_was_promised_is_stopped(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="bytes, and 500000 were promised"):
        fetch(hub.url("/file"), tmp_path / "part", 500_000, silent)
    assert (tmp_path / "part").stat().st_size < len(DATA)


def test_a_missing_file_says_so(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="404"):
        ask(hub.url("/nothing"))
    hub.refuses = 403
    with pytest.raises(DownloadError, match=r"403.*behind a login"):
        fetch(hub.url("/file"), tmp_path / "part", 10, silent)


def test_nobody_at_home_says_so() -> None:
    with running(Hub()) as served:
        url = served.url("/file")
    with pytest.raises(DownloadError, match=r"nobody answers.*--from"):
        ask(url)


@pytest.mark.parametrize("url", ["http://example.com/file", "file:///etc/hostname", "ftp://127.0.0.1/file"])
def test_only_https_and_this_machine_are_fetched_from(url: str, hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="only https"):
        ask(url)
    hub.moved = {"/moved": url}
    for call in (lambda: ask(hub.url("/moved")), lambda: fetch(hub.url("/moved"), tmp_path / "part", 5, silent)):
        with pytest.raises(DownloadError, match=r"only https|is not allowed"):
            call()


def test_a_redirection_is_followed_and_an_endless_one_is_not(hub: Hub, tmp_path: Path) -> None:
    hub.moved = {"/old": "/file", "/round": "/round"}
    assert ask(hub.url("/old")).size == len(DATA)
    fetch(hub.url("/old"), tmp_path / "part", len(DATA), silent)
    assert (tmp_path / "part").read_bytes() == DATA
    with pytest.raises(DownloadError, match="redirections"):
        ask(hub.url("/round"))


def test_a_hub_tells_size_hash_and_commit_before_it_sends_anything(hub: Hub) -> None:
    hub.files[FILE] = DATA
    hub.headers = hub.lfs(FILE)
    hub.moved = {FILE: "/storage"}
    told = ask(hub.url(FILE))
    assert told.size == len(DATA)
    assert told.sha256 == hashlib.sha256(DATA).hexdigest()
    assert told.url == hub.url(f"/tiny/resolve/{COMMIT}/model.onnx")
    assert hub.asked == [("HEAD", FILE, None)]


def test_a_tag_that_is_no_hash_is_not_taken_for_one(hub: Hub) -> None:
    hub.headers = {"ETag": 'W/"5f3a-deadbeef"'}
    told = ask(hub.url("/file"))
    assert (told.sha256, told.git_blob, told.commit) == (None, None, None)


# --- a whole entry


@pytest.fixture
def store(network: Path) -> Iterator[Hub]:
    with running(Hub({FILE: network.read_bytes()})) as served:
        served.files[FILE.replace("main", COMMIT)] = served.files[FILE]
        served.headers = served.lfs(FILE)
        yield served


def test_what_is_pulled_is_pinned_and_loads(store: Hub, network: Path, tmp_path: Path) -> None:
    asked = entry(store.url(FILE))
    wanted = plan(asked, tmp_path, {})
    assert (wanted[0].sha256, wanted[0].said_by, wanted[0].size) == (
        sha256(network),
        "the hub",
        network.stat().st_size,
    )
    folder = pull(asked, wanted, tmp_path, silent)
    assert folder == tmp_path / "tiny"
    assert [path for _, path, _ in store.asked] == [FILE, FILE.replace("main", COMMIT)]
    assert read_lock(tmp_path)["tiny"]["model.onnx"]["sha256"] == sha256(network)
    assert Shelf.installed(Profile.OPEN, [tmp_path]).has("tiny.v1")
    assert present(asked, tmp_path) == folder


def test_a_pin_outlasts_the_hub(store: Hub, network: Path, tmp_path: Path) -> None:
    asked = entry(store.url(FILE))
    folder = pull(asked, plan(asked, tmp_path, {}), tmp_path, silent)
    folder.rename(tmp_path / "away")
    other = face_net(tmp_path / "other.onnx", 32, 7, name="pixels").read_bytes()
    store.files = dict.fromkeys(store.files, other)
    store.headers = store.lfs(FILE)
    wanted = plan(asked, tmp_path, {})
    assert (wanted[0].sha256, wanted[0].said_by) == (sha256(network), "lock")
    with pytest.raises(DownloadError, match=r"its sha256 is .*, and lock says"):
        pull(asked, wanted, tmp_path, silent)
    assert not (tmp_path / "tiny").exists()


def test_wrong_bytes_are_refused_and_left_where_they_are(store: Hub, tmp_path: Path) -> None:
    promised = "0" * 64
    asked = entry(store.url(FILE), sha256=promised)
    with pytest.raises(DownloadError, match=f"and catalogue says {promised}.*Find out why before you delete it"):
        pull(asked, plan(asked, tmp_path, {}), tmp_path, silent)
    assert [p.suffix for p in (tmp_path / ".pull").iterdir() if p.is_file()] == [".part"]
    assert not (tmp_path / "tiny").exists()
    assert not (tmp_path / LOCK).exists()


def test_a_file_whose_hash_nobody_says_needs_a_word_of_the_operator(store: Hub, network: Path, tmp_path: Path) -> None:
    store.headers = {}
    asked = entry(store.url(FILE))
    wanted = plan(asked, tmp_path, {})
    assert not wanted[0].known
    with pytest.raises(UsageError, match=r"nobody says the hash of model\.onnx"):
        pull(asked, wanted, tmp_path, silent)
    given = plan(asked, tmp_path, {"model.onnx": sha256(network)})
    assert given[0].said_by == "command line"
    pull(asked, wanted, tmp_path, silent, accept_unknown=True)
    assert read_lock(tmp_path)["tiny"]["model.onnx"]["sha256"] == sha256(network)


def test_two_hashes_for_one_file_are_never_chosen_between(store: Hub, tmp_path: Path) -> None:
    asked = entry(store.url(FILE), sha256="1" * 64)
    with pytest.raises(DownloadError, match=r"two hashes for model\.onnx"):
        plan(asked, tmp_path, {"model.onnx": "2" * 64})
    with pytest.raises(UsageError, match=r"names 'other\.onnx'"):
        plan(asked, tmp_path, {"other.onnx": "2" * 64})


def test_what_does_not_pass_its_trial_is_not_put_in_place(tmp_path: Path) -> None:
    junk = b"<html>please log in</html>"
    with running(Hub({FILE: junk})) as served:
        asked = entry(served.url(FILE), sha256=hashlib.sha256(junk).hexdigest(), size=len(junk))
        with pytest.raises(BundleError, match="not an ONNX file"):
            pull(asked, plan(asked, tmp_path, {}), tmp_path, silent)
    assert not (tmp_path / "tiny").exists()
    assert not (tmp_path / LOCK).exists()


def test_a_changed_folder_is_not_taken_for_the_pinned_one(store: Hub, tmp_path: Path) -> None:
    asked = entry(store.url(FILE))
    folder = pull(asked, plan(asked, tmp_path, {}), tmp_path, silent)
    (folder / "model.onnx").write_bytes(b"other")
    with pytest.raises(DownloadError, match=f"not what .*{LOCK} pins"):
        present(asked, tmp_path)


@pytest.mark.parametrize("text", ["", "[]", '{"models": {"tiny": {"model.onnx": {"sha256": "abc"}}}}'])
def test_a_damaged_lock_is_not_overwritten(text: str, tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text(text)
    with pytest.raises(DownloadError, match="not a lock file"):
        plan(entry("https://example.com/x"), tmp_path, {}, offline=True)
    assert (tmp_path / LOCK).read_text() == text


# --- without a network


def test_files_that_somebody_carried_here_need_a_known_hash(network: Path, tmp_path: Path) -> None:
    asked = entry("https://example.com/dir/model.onnx")
    with pytest.raises(UsageError, match="nobody says the hash"):
        take(asked, plan(asked, tmp_path, {}, offline=True), tmp_path, network)
    known = plan(asked, tmp_path, {"model.onnx": sha256(network)}, offline=True)
    for source in (network, network.parent):
        folder = take(asked, known, tmp_path, source)
        assert (folder / "model.onnx").read_bytes() == network.read_bytes()
        folder.rename(tmp_path / f"away-{source.name}")


def test_a_lock_from_another_machine_is_enough(store: Hub, network: Path, tmp_path: Path) -> None:
    asked = entry(store.url(FILE))
    online, closed = tmp_path / "online", tmp_path / "closed"
    pull(asked, plan(asked, online, {}), online, silent)
    closed.mkdir()
    (closed / LOCK).write_bytes((online / LOCK).read_bytes())
    store.asked.clear()
    take(asked, plan(asked, closed, {}, offline=True), closed, online / "tiny")
    assert not store.asked
    assert present(asked, closed)


def test_a_carried_file_with_another_hash_is_refused_and_kept(network: Path, tmp_path: Path) -> None:
    asked = entry("https://example.com/model.onnx", sha256="0" * 64)
    with pytest.raises(DownloadError, match="catalogue says"):
        take(asked, plan(asked, tmp_path, {}, offline=True), tmp_path, network)
    assert network.is_file()


def test_a_folder_without_the_file_names_it(tmp_path: Path) -> None:
    asked = entry("https://example.com/dir/weights.onnx", sha256="0" * 64)
    with pytest.raises(UsageError, match=r"no model\.onnx in it"):
        take(asked, plan(asked, tmp_path, {}, offline=True), tmp_path, tmp_path)


def test_small_files_of_a_hub_are_held_to_their_git_hash(tmp_path: Path) -> None:
    text = b'{"id2label": {}}'
    blob = subprocess.run(["git", "hash-object", "--stdin"], input=text, capture_output=True, check=True)
    right = blob.stdout.decode().strip()
    with running(Hub({"/resolve/main/config.json": text, f"/resolve/{COMMIT}/config.json": text})) as served:
        served.headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{right}"'}
        told = ask(served.url("/resolve/main/config.json"))
        assert told.git_blob == right
        asked = Entry.model_validate(
            {
                **entry(served.url("/resolve/main/config.json")).model_dump(by_alias=True),
                "form": "safetensors",
                "file": [{"as": "config.json", "url": served.url("/resolve/main/config.json")}],
            }
        )
        folder = pull(asked, plan(asked, tmp_path, {}), tmp_path, silent)
        assert folder.name == "tiny.source"
        wrong = [Wanted("config.json", told.url, len(text), None, "0" * 40, "the hub")]
        with pytest.raises(DownloadError, match="its git hash is"):
            pull(asked, wanted=wrong, to=tmp_path / "again", progress=silent)


# --- the catalogue


@pytest.mark.parametrize("name", names())
def test_every_entry_of_the_catalogue_has_a_card_that_holds(name: str) -> None:
    found = find(name)
    assert found.name == name
    card = found.adapter_card({**{f.name: "0" * 64 for f in found.file}, "model.onnx": "0" * 64})
    assert card.id.startswith(name) or name == "yunet"
    assert all(file.url.startswith("https://") for file in found.file)
    assert card.licence.ledger
    assert card.licence.commercial is (name == "yunet")


def test_no_hash_stands_in_the_catalogue_that_the_project_did_not_see(shared: Path) -> None:
    known = {file.sha256: file.size for name in names() for file in find(name).file if file.sha256}
    seen = {sha256(path): path.stat().st_size for path in (shared / "weights").rglob("*.onnx")}
    assert known
    assert known.items() <= seen.items()


def test_the_real_yunet_is_taken_from_a_file(shared: Path, tmp_path: Path) -> None:
    asked = find("yunet")
    source = shared / "weights" / "yunet" / "yunet_n_320_320.onnx"
    if not source.is_file():
        pytest.skip("the weights of YuNet are not beside the checkout")
    folder = take(asked, plan(asked, tmp_path, {}, offline=True), tmp_path, source)
    shelf = Shelf.installed(Profile.COMMERCIAL, [folder])
    assert shelf.adapters["yunet-n.v1"].spec.finder is not None
    assert json.loads((tmp_path / LOCK).read_text())["models"]["yunet"]["model.onnx"]["size"] == 317_434


def test_an_unknown_name_names_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"Did you mean yunet\?"):
        find("yunnet")
