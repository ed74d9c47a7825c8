"""Takes reach a store whole and only once, and are verified when they come back."""

from __future__ import annotations

import getpass
import secrets
import socket
from pathlib import Path

import orjson
import pytest

from pipeline.errors import StorageError
from pipeline.store.shared import exchange
from pipeline.store.shared.address import read_address
from pipeline.store.shared.exchange import Arrival, fetch, offer, read_catalogue
from pipeline.store.shared.folder_remote import FolderRemote
from pipeline.store.shared.names import MARKER, audio_name, sidecar_name
from pipeline.store.shared.opening import creates_only_once, open_remote, require_version
from pipeline.store.shared.remote import Remote, StoreUnavailable
from pipeline.store.shared.surveying import damaged_in_store, set_aside
from pipeline.store.shared.turns import DamagedInStore
from pipeline.store.takes import TakeStore
from tests.store.sharing import Moody, make_take

TEXT = "It was late, and the lamp was out."


@pytest.fixture(params=["folder", "memory"])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Remote:
    address = str(tmp_path / "store") if request.param == "folder" else f"memory://{secrets.token_hex(4)}/store"
    opened = open_remote(read_address(address, "--store"))
    require_version(opened, begin=True)
    return opened


def test_a_take_comes_back_as_it_went(remote: Remote, tmp_path: Path) -> None:
    take, here = make_take(tmp_path / "a", TEXT)
    there = TakeStore(tmp_path / "b" / "takes")
    assert offer(remote, take, here) is Arrival.SENT
    assert fetch(remote, take.key, there) == take
    assert there.audio_path(take.key).read_bytes() == here.audio_path(take.key).read_bytes()
    assert there.sidecar_path(take.key).read_bytes() == here.sidecar_path(take.key).read_bytes()
    assert there.is_intact(take)


def test_one_listing_tells_every_take(remote: Remote, tmp_path: Path) -> None:
    takes = [make_take(tmp_path / "a", f"Sentence {number}.") for number in range(5)]
    for take, here in takes:
        offer(remote, take, here)
    moody = Moody(remote)
    assert read_catalogue(moody).keys == {take.key for take, _ in takes}
    assert moody.asked == ["list takes"]


def test_the_first_of_two_takes_is_the_stores(remote: Remote, tmp_path: Path) -> None:
    first, here = make_take(tmp_path / "a", TEXT)
    second, there = make_take(tmp_path / "b", TEXT, loudness=9000)
    assert first.key == second.key
    assert offer(remote, first, here) is Arrival.SENT
    assert offer(remote, first, here) is Arrival.THERE
    assert offer(remote, second, there) is Arrival.OTHER
    assert fetch(remote, first.key, TakeStore(tmp_path / "c")) == first


@pytest.mark.parametrize("what", ["jsonl", "flac"])
def test_a_take_that_arrives_cut_is_not_written(remote: Remote, tmp_path: Path, what: str) -> None:
    take, here = make_take(tmp_path / "a", TEXT)
    offer(remote, take, here)
    there = TakeStore(tmp_path / "b")
    with pytest.raises(DamagedInStore, match=take.key[:12]):
        fetch(Moody(remote, truncated=(what,)), take.key, there)
    assert there.stored(take.key) is None
    assert list(there.all_keys()) == []


def test_a_line_that_cuts_once_is_asked_again(remote: Remote, tmp_path: Path) -> None:
    take, here = make_take(tmp_path / "a", TEXT)
    offer(remote, take, here)

    class CutsOnce(Moody):
        def read(self, name: str) -> bytes | None:
            data = super().read(name)
            self.truncated = ()
            return data

    assert fetch(CutsOnce(remote, truncated=("flac",)), take.key, TakeStore(tmp_path / "b")) == take


def test_any_flipped_byte_is_noticed(remote: Remote, tmp_path: Path) -> None:
    take, here = make_take(tmp_path / "a", TEXT)
    offer(remote, take, here)
    for name in (sidecar_name(take.key), audio_name(take.key, take.sha256)):
        whole = remote.read(name)
        assert whole is not None
        for place in range(0, len(whole), max(1, len(whole) // 40)):
            remote.write(name, whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            with pytest.raises(DamagedInStore):
                fetch(remote, take.key, TakeStore(tmp_path / "b"))
        remote.write(name, whole)
    assert not list(damaged_in_store(remote, [take.key]))


def test_a_sidecar_under_another_key_is_not_believed(remote: Remote, tmp_path: Path) -> None:
    take, here = make_take(tmp_path / "a", TEXT)
    other, _ = make_take(tmp_path / "a", "Something else.")
    offer(remote, take, here)
    remote.write(sidecar_name(other.key), remote.read(sidecar_name(take.key)) or b"")
    with pytest.raises(DamagedInStore):
        fetch(remote, other.key, TakeStore(tmp_path / "b"))


def test_a_sidecar_whose_inputs_do_not_give_its_key_is_not_believed(remote: Remote, tmp_path: Path) -> None:
    take, here = make_take(tmp_path / "a", TEXT)
    offer(remote, take, here)
    sidecar = orjson.loads(here.sidecar_path(take.key).read_bytes())
    sidecar["inputs"]["text"] = TEXT.upper()
    del sidecar["digest"]
    remote.write(sidecar_name(take.key), exchange._sealed(orjson.dumps(sidecar)))
    with pytest.raises(DamagedInStore, match="another key"):
        fetch(remote, take.key, TakeStore(tmp_path / "b"))


def test_what_is_damaged_in_the_store_is_replaced_only_on_purpose(remote: Remote, tmp_path: Path) -> None:
    take, here = make_take(tmp_path / "a", TEXT)
    offer(remote, take, here)
    remote.write(sidecar_name(take.key), b"{}")
    with pytest.raises(DamagedInStore):
        offer(remote, take, here)
    assert remote.read(sidecar_name(take.key)) == b"{}"
    assert [error.key for error in damaged_in_store(remote, [take.key])] == [take.key]
    assert offer(remote, take, here, replace=True) is Arrival.SENT
    assert fetch(remote, take.key, TakeStore(tmp_path / "b")) == take


def test_a_take_set_aside_is_missing_and_not_gone(remote: Remote, tmp_path: Path) -> None:
    take, here = make_take(tmp_path / "a", TEXT)
    offer(remote, take, here)
    set_aside(remote, take.key, read_catalogue(remote))
    assert fetch(remote, take.key, here) is None
    assert len(remote.entries("damaged")) == 2
    assert offer(remote, take, here) is Arrival.SENT


def test_a_take_damaged_here_is_not_sent(remote: Remote, tmp_path: Path) -> None:
    take, here = make_take(tmp_path / "a", TEXT)
    here.audio_path(take.key).write_bytes(b"noise")
    with pytest.raises(StorageError, match="damaged here"):
        offer(remote, take, here)
    assert read_catalogue(remote).keys == frozenset()


def test_audio_without_its_sidecar_is_no_take(remote: Remote, tmp_path: Path) -> None:
    take, here = make_take(tmp_path / "a", TEXT)
    with pytest.raises(StoreUnavailable):
        offer(Moody(remote, failing=(".jsonl",)), take, here)

    class NoSidecar(Moody):
        def create(self, name: str, data: bytes) -> bool:
            raise StoreUnavailable("gone")

    with pytest.raises(StoreUnavailable):
        offer(NoSidecar(remote), take, here)
    assert read_catalogue(remote).keys == frozenset()
    assert offer(remote, take, here) is Arrival.SENT


def test_a_store_of_a_later_version_is_refused(remote: Remote) -> None:
    assert orjson.loads(remote.read(MARKER) or b"") == {"schema": 1}
    remote.write(MARKER, b'{"schema": 2}')
    with pytest.raises(StorageError, match="version 2"):
        require_version(remote, begin=True)
    remote.write(MARKER, b"nothing")
    with pytest.raises(StorageError, match="cannot be read"):
        require_version(remote, begin=True)


def test_a_store_that_writes_over_what_is_there_is_found_out(remote: Remote) -> None:
    assert creates_only_once(remote)
    assert not creates_only_once(Moody(remote, overwriting=True))
    assert remote.entries("probes") == []


def test_nothing_in_a_store_tells_of_a_machine(tmp_path: Path) -> None:
    take, here = make_take(tmp_path / "a", TEXT)
    root = tmp_path / "store"
    remote = FolderRemote(root)
    require_version(remote, begin=True)
    offer(remote, take, here)
    told = b"\n".join([path.read_bytes() for path in root.rglob("*") if path.is_file()])
    names = " ".join(str(path.relative_to(root)) for path in root.rglob("*"))
    for secret in (str(tmp_path), socket.gethostname(), getpass.getuser()):
        assert secret.encode() not in told
        assert secret not in names


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreUnavailable, match="cannot"):
        FolderRemote(tmp_path / "file").create("a/b", b"x")
    with pytest.raises(StorageError):
        FolderRemote(tmp_path / "file").write("a/b", b"x")
