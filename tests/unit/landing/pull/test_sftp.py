"""Files fetched from a real SFTP server, whole or not at all, once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mids_orchestration.landing.pull import SourcesError, fetch
from mids_orchestration.landing.pull.errors import Patience
from tests.unit.landing.desk import AS_OF
from tests.unit.landing.pull.servers import CuttingProxy, Sftp
from tests.unit.landing.pull.station import Station

HEAD = "ref,persons,updated_at\n"
ANOTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGfYlHSnuKMV1gsWnOBeiFyVXTVhKb7Itwlwkq6iNYoX"


def options(sftp: Sftp, **changes: object) -> dict[str, object]:
    return {
        "host": "127.0.0.1", "port": sftp.port, "path": "/out", "username": "mids", "password_env": "MIDS_TEST_SECRET",
        "host_key": sftp.host_key, "settle_seconds": 0.02, "backoff_seconds": 0.05, "timeout_seconds": 10,
    } | changes  # fmt: skip


def upload(sftp: Sftp, name: str, first: int, last: int) -> Path:
    path = sftp.folder / "out" / name
    path.write_text(HEAD + "".join(f"S{n},{n},2026-01-01 00:00:00\n" for n in range(first, last)))
    return path


def test_files_come_once_and_pulling_again_is_a_no_op(sftp: Sftp, station: Station) -> None:
    station.connect("sftp", **options(sftp))
    sent = upload(sftp, "aaa_things_20260601.csv", 0, 5)
    upload(sftp, "aaa_things_20260608.csv", 5, 9)
    done = station.pull()
    assert done.error is None and done.files == ["aaa_things_20260601.csv", "aaa_things_20260608.csv"]
    assert len(station.refs()) == 9 and set(station.refs().values()) == {1}
    first = next(r for r in done.receipts if r.original_name == sent.name)
    assert (station.home / "archive" / first.sha256[:2] / first.sha256).read_bytes() == sent.read_bytes()
    again = station.pull()
    assert (again.files, again.receipts, again.error) == ([], [], None)


def test_the_same_bytes_under_another_name_are_a_duplicate(sftp: Sftp, station: Station) -> None:
    station.connect("sftp", **options(sftp))
    upload(sftp, "aaa_things_20260601.csv", 0, 5)
    station.pull()
    upload(sftp, "aaa_things_20260602.csv", 0, 5)
    assert [r.status for r in station.pull().receipts] == ["duplicate"]
    assert set(station.refs().values()) == {1}
    assert station.pull().files == []


def test_what_is_still_uploading_waits(sftp: Sftp, station: Station) -> None:
    station.connect("sftp", **options(sftp))
    growing = upload(sftp, "aaa_things_20260601.csv", 0, 5)
    upload(sftp, "aaa_things_20260608.csv.filepart", 5, 9)
    upload(sftp, ".aaa_things_20260608.csv", 5, 9)
    upload(sftp, "readme.txt", 0, 1)
    upload(sftp, "aaa_things_20991231.csv", 0, 1)  # its day has not come
    (sftp.folder / "out" / "aaa_things_20260609.csv").symlink_to("/etc/hostname")

    def more(_: float) -> None:
        with growing.open("a") as stream:
            stream.write("S5,5,2026-01-01 00:00:00\n")

    done = fetch(
        station.source(),
        home=station.home,
        inbox=station.inbox,
        as_of=AS_OF,
        patience=Patience(9, sleep=more),
    )
    assert done.files == [] and not list(station.inbox.rglob("*.csv"))
    assert done.waiting == [
        ".aaa_things_20260608.csv", "aaa_things_20260601.csv", "aaa_things_20260608.csv.filepart",
        "aaa_things_20991231.csv",
    ]  # fmt: skip
    assert done.notes == ["1 other file(s) ignored: readme.txt"]
    assert station.pull().files == ["aaa_things_20260601.csv"]
    assert len(station.refs()) == 6


def test_a_file_sent_anew_under_its_name_is_fetched_again(sftp: Sftp, station: Station) -> None:
    station.connect("sftp", **options(sftp))
    path = upload(sftp, "aaa_things_20260601.csv", 0, 5)
    first = station.pull().receipts[0]
    upload(sftp, "aaa_things_20260601.csv", 0, 7)
    os.utime(path, (2_000_000_000, 2_000_000_000))
    second = station.pull().receipts[0]
    assert second.tables["things"].accepted == 7
    for receipt in (first, second):
        assert (
            station.home / "archive" / receipt.sha256[:2] / receipt.sha256
        ).stat().st_size == receipt.size_bytes


def test_a_connection_cut_half_way_loses_and_doubles_nothing(sftp: Sftp, station: Station) -> None:
    for week in range(4):
        upload(sftp, f"aaa_things_2026060{week + 1}.csv", week * 5000, week * 5000 + 5000)
    proxy = CuttingProxy(sftp.port)
    proxy.cuts = [700, 4_000, 250_000]  # while greeting, while listing, in the middle of the second file
    try:
        station.connect("sftp", **options(sftp, port=proxy.port))
        done = station.pull()
    finally:
        proxy.close()
    assert done.error is None and proxy.made == 4 and len(done.files) == 4
    assert len(station.refs()) == 20_000 and set(station.refs().values()) == {1}


def test_a_server_that_stays_away_is_an_error_and_nothing_moves(sftp: Sftp, station: Station) -> None:
    upload(sftp, "aaa_things_20260601.csv", 0, 5000)
    proxy = CuttingProxy(sftp.port)
    proxy.cuts = [90_000] * 4
    try:
        station.connect("sftp", **options(sftp, port=proxy.port))
        done = station.pull()
    finally:
        proxy.close()
    assert (
        done.error is not None
        and done.error.startswith("aaa.things: SFTP 127.0.0.1")
        and "tried 4 times" in done.error
    )
    assert not list(station.inbox.rglob("*.csv"))
    station.connect("sftp", **options(sftp))
    assert station.pull().receipts[0].tables["things"].accepted == 5000


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"password_env": "MIDS_TEST_WRONG"}, "refuses the account mids"),
        ({"path": "/nowhere"}, "no folder /nowhere"),
        ({"host_key": ANOTHER_KEY}, "another host key"),
        ({"password_env": "MIDS_TEST_UNSET"}, "set the environment variable MIDS_TEST_UNSET"),
    ],
)  # fmt: skip
def test_what_cannot_be_pulled_says_why(
    sftp: Sftp, station: Station, change: dict[str, str], says: str
) -> None:
    station.connect("sftp", **options(sftp, **change))
    done = station.pull()
    assert done.error is not None and done.error.startswith("aaa.things: ") and says in done.error


def test_a_server_without_a_trusted_key_is_never_talked_to(
    sftp: Sftp, station: Station, tmp_path: Path
) -> None:
    known = tmp_path / "known_hosts"
    known.write_text(f"another.invalid {sftp.host_key}\n")
    station.connect("sftp", **options(sftp, known_hosts=str(known)) | {"host_key": sftp.host_key})
    changed = options(sftp, known_hosts=str(known))
    del changed["host_key"]
    station.connect("sftp", **changed)
    done = station.pull()
    assert done.error is not None and "no host key of 127.0.0.1" in done.error
    known.write_text(f"[127.0.0.1]:{sftp.port} {sftp.host_key}\n")
    assert station.pull().error is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"host_key": None}, "aaa.things.host_key"),
        ({"pasword_env": "X"}, "pasword_env"),
        ({"password": "secret"}, "password"),
        ({"password_env": "not an env"}, "password_env"),
    ],
)
def test_sources_are_checked_before_anything_is_asked(
    sftp: Sftp, station: Station, change: dict[str, object], says: str
) -> None:
    station.connect("sftp", **options(sftp, **change))
    with pytest.raises(SourcesError, match=says):
        station.source()
