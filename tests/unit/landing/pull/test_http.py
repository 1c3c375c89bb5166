"""Pages fetched from a real HTTP server that has limits, ends tokens and breaks down."""

from __future__ import annotations

import pytest

from mids_orchestration.landing.pull import SourcesError
from tests.unit.landing.pull.servers import Api, CuttingProxy
from tests.unit.landing.pull.station import Station

BEARER = {"kind": "bearer", "token_env": "MIDS_TEST_SECRET"}


def options(api: Api, **changes: object) -> dict[str, object]:
    return {
        "url": api.url, "since": {"param": "updated_since", "field": "updated_at"}, "auth": BEARER,
        "pages": {"kind": "next", "field": "next"}, "backoff_seconds": 0.02, "timeout_seconds": 5,
    } | changes  # fmt: skip


def record(n: int, second: int | None = None) -> dict[str, object]:
    second = n if second is None else second
    return {
        "ref": f"H{n}",
        "persons": n,
        "updated_at": f"2026-01-01T00:{second // 60:02d}:{second % 60:02d}+08:00",
    }


@pytest.mark.parametrize(
    ("paging", "pages"),
    [
        ("next", {"kind": "next", "field": "next"}),
        ("cursor", {"kind": "cursor", "field": "next_cursor", "param": "cursor"}),
        ("number", {"kind": "number", "param": "page"}),
    ],
)
@pytest.mark.parametrize("inclusive", [True, False])
def test_pages_come_once_and_pulling_again_is_a_no_op(
    api: Api, station: Station, paging: str, pages: dict[str, str], inclusive: bool
) -> None:
    api.paging, api.inclusive = paging, inclusive
    api.records = [record(n) for n in range(7)]
    station.connect("http", **options(api, pages=pages))
    done = station.pull()
    assert done.error is None and len(done.files) == 3
    assert len(station.refs()) == 7 and set(station.refs().values()) == {1}
    assert done.watermark == "2026-01-01T00:00:06+08:00"
    again = station.pull()
    assert (again.files, again.receipts, again.error) == ([], [], None)
    api.records += [record(7), record(8)]
    station.pull()
    assert set(station.refs()) == {f"H{n}" for n in range(9)}
    if not inclusive:
        assert set(station.refs().values()) == {1}


def test_a_late_record_with_the_watermark_of_the_last_is_not_missed(api: Api, station: Station) -> None:
    api.records = [record(0), record(1)]
    station.connect("http", **options(api))
    station.pull()
    api.records.append(record(2, second=1))
    assert station.pull().receipts[0].status == "accepted"
    assert "H2" in station.refs()
    assert station.pull().files == []


def test_every_page_is_kept_byte_for_byte(api: Api, station: Station) -> None:
    api.records = [record(n) for n in range(4)]
    station.connect("http", **options(api))
    receipts = station.pull().receipts
    kept = [(station.home / "archive" / r.sha256[:2] / r.sha256).read_bytes() for r in receipts]
    assert all(text.startswith(b'{"data": [{"ref": "H') and b'"next":' in text for text in kept)


def test_busy_broken_and_cut_answers_are_asked_again(api: Api, station: Station) -> None:
    api.records = [record(n) for n in range(9)]
    api.trouble = [500, 429, "cut", 0, 503, "cut", 502]
    api.trouble = [t if t else "none" for t in api.trouble]
    station.connect("http", **options(api))
    done = station.pull()
    assert done.error is None and len(api.asked) == 3 + 6
    assert len(station.refs()) == 9 and set(station.refs().values()) == {1}


def test_a_wait_the_server_asks_for_is_kept(api: Api, station: Station) -> None:
    api.records, api.trouble, api.retry_after = [record(0)], [429], "1"
    station.connect("http", **options(api))
    assert station.pull().error is None
    assert api.times[1] - api.times[0] >= 1.0


def test_a_wait_beyond_our_patience_is_left_for_the_next_pull(api: Api, station: Station) -> None:
    api.records, api.trouble, api.retry_after = [record(0)], [429], "3600"
    station.connect("http", **options(api))
    done = station.pull(patience=5)
    assert done.error is not None and "answers 429; it asks to wait 3600 s" in done.error
    assert station.pull().receipts[0].tables["things"].accepted == 1


def test_the_rate_limit_is_kept(api: Api, station: Station) -> None:
    api.records = [record(n) for n in range(12)]
    station.connect("http", **options(api, requests_per_minute=1200))
    assert station.pull().error is None
    # From first to last: when a busy machine hears of one request late, the next seems to follow sooner.
    assert len(api.times) == 4 and api.times[-1] - api.times[0] >= 3 * 0.045


def test_a_token_that_ends_half_way_is_fetched_anew(api: Api, station: Station) -> None:
    api.records, api.token_uses = [record(n) for n in range(12)], 2
    auth = {
        "kind": "oauth2", "token_url": f"http://127.0.0.1:{api.port}/token", "client_id_env": "MIDS_TEST_CLIENT",
        "client_secret_env": "MIDS_TEST_SECRET",
    }  # fmt: skip
    station.connect("http", **options(api, auth=auth))
    assert station.pull().error is None
    assert len(api.tokens) == 2 and len(station.refs()) == 12
    station.connect("http", **options(api, auth=auth | {"client_secret_env": "MIDS_TEST_WRONG"}))
    assert "gives no token (401)" in str(station.pull().error)


def test_a_connection_cut_half_way_loses_and_doubles_nothing(api: Api, station: Station) -> None:
    api.records, api.page_size = [record(n) for n in range(900)], 300
    proxy = CuttingProxy(api.port)
    proxy.cuts = [0, 30_000, 10_000]
    try:
        station.connect("http", **options(api, url=f"http://127.0.0.1:{proxy.port}/v1/things"))
        done = station.pull()
    finally:
        proxy.close()
    assert done.error is None and proxy.made == 4 and len(done.files) == 3
    assert len(station.refs()) == 900 and set(station.refs().values()) == {1}


def test_a_page_that_never_comes_leaves_the_earlier_pages_out_too(api: Api, station: Station) -> None:
    api.records = [record(n) for n in range(6)]
    api.trouble = ["none", *[500] * 6]
    station.connect("http", **options(api))
    done = station.pull()
    assert done.error is not None and "tried 6 times" in done.error
    assert not list(station.inbox.rglob("*.json"))
    assert station.pull().error is None and len(station.refs()) == 6


@pytest.mark.parametrize(
    ("trouble", "says"),
    [(["html"], "does not answer in JSON"), ([404], "answers 404"), ([401], "refuses the token")],
)
def test_what_cannot_be_pulled_says_why(
    api: Api, station: Station, trouble: list[int | str], says: str
) -> None:
    api.records, api.trouble = [record(0)], trouble
    station.connect("http", **options(api))
    done = station.pull()
    assert done.error is not None and says in done.error
    assert "updated_since" not in done.error  # a query may hold what is personal


def test_a_record_without_watermark_an_endless_page_and_a_huge_page_are_refused(
    api: Api, station: Station
) -> None:
    api.records = [record(0), {"ref": "H1", "persons": 1, "updated_at": ""}]
    station.connect("http", **options(api))
    assert "a record has no updated_at" in str(station.pull().error)
    api.records, api.page_size = [record(n) for n in range(5)], 2
    station.connect(
        "http", **options(api, pages={"kind": "cursor", "field": "next_cursor", "param": "ignored"})
    )
    api.paging = "cursor"
    assert "leads back to a page already read" in str(station.pull().error)
    station.connect("http", **options(api, max_page_bytes=40))
    assert "bigger than 40 bytes" in str(station.pull().error)


def test_a_token_never_goes_to_another_server(api: Api, station: Station) -> None:
    api.records, api.elsewhere = [record(n) for n in range(5)], "http://127.0.0.2:9"
    station.connect("http", **options(api))
    assert "on another server (http://127.0.0.2:9)" in str(station.pull().error)
    station.connect("http", **options(api, url="http://api.example.invalid/v1"))
    with pytest.raises(SourcesError, match="use https"):
        station.source()
