"""HTTP JSON APIs: fetch every page of what changed since the last receipt, each page one delivery, byte for byte.

Belongs here: pages, tokens, retries that listen to Retry-After, the rate limit, the watermark in the records.
Does not belong here: what the records mean; a page is parsed only to find its records' watermark and the next page.

Connections, backoff and Retry-After are urllib3's. Redirects are not followed and pages may not lead to another
server, so that a token never goes anywhere but where ``sources.yml`` says.
"""

from __future__ import annotations

import hashlib
import json
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError
from urllib3.util import Retry, Timeout

from mids_orchestration.landing.pull.errors import PullError, SourcesError
from mids_orchestration.landing.pull.fetched import Errand, Fetched, keep, spool
from mids_orchestration.landing.pull.state import PendingFile
from mids_orchestration.landing.readers.trees import parse_json
from mids_orchestration.settings import TIMEZONE

_BUSY = (429, 500, 502, 503, 504)
_MOST_PAGES = 10_000
_BLOCK = 1 << 16


def fetch_http(errand: Errand) -> Fetched:
    """Fetch the pages of everything whose watermark is at or after the last one; nothing new, no file.

    An API that answers "since" inclusively sends the last records again. When a pull brings only records it brought
    before, it is taken as nothing new.
    """
    watermark = _Watermark(errand)
    files: list[PendingFile] = []
    client = _Client(errand)
    try:
        for number, body in enumerate(_pages(client, errand, watermark), start=1):
            with spool(errand.folder) as one:
                one.write(body)
            files.append(
                keep(one, errand.folder, errand.file_name("json", f"{number:05d}_{one.sha256[:12]}"))
            )
    finally:
        client.close()
    if not watermark.brought_new:
        for file in files:
            (errand.folder / file.name).unlink()
        return Fetched(errand.progress)
    return Fetched(watermark.progress(), files)


def _pages(client: _Client, errand: Errand, watermark: _Watermark) -> Iterator[bytes]:
    """Bodies of the pages that hold records, in the order the API gives them."""
    source, options = errand.source, errand.source.options
    pages: Mapping[str, Any] = options.get("pages", {"kind": "single"})
    params = dict(options.get("params", {}))
    if watermark.value is not None:
        params[options["since"]["param"]] = watermark.value
    number = int(pages.get("first", 1))
    if pages["kind"] == "number":
        params[pages["param"]] = str(number)
    url = _with_params(str(options["url"]), params)
    asked: set[str] = set()
    while True:
        if url in asked or len(asked) >= _MOST_PAGES:
            raise PullError(
                f"{source.key}: page {len(asked) + 1} leads back to a page already read: {_plain(url)}"
            )
        asked.add(url)
        body = client.get(url)
        document = _parse(body, source.key, url)
        records = _at(document, source.records_path)
        if not isinstance(records, list):
            raise PullError(
                f"{source.key}: {_plain(url)} has no list of records at {source.records_path or 'its top'!r}"
            )
        watermark.read(records)
        if records:
            yield body
        if pages["kind"] == "number":
            if not records:
                return
            number += 1
            url = _with_params(url, {pages["param"]: str(number)})
            continue
        following = _at(document, pages["field"]) if "field" in pages else None
        if not following:
            return
        if pages["kind"] == "cursor":
            url = _with_params(url, {pages["param"]: str(following)})
        else:
            url = urljoin(url, str(following))
            if _origin(url) != _origin(str(options["url"])):
                raise PullError(
                    f"{source.key}: the next page is on another server ({_origin(url)}): not followed"
                )


class _Watermark:
    """The greatest watermark among the records read, and which records stand exactly at it."""

    def __init__(self, errand: Errand) -> None:
        self.key = errand.source.key
        self.path = str(errand.source.options["since"]["field"])
        self.old_edge = set(errand.progress.get("edge", []))
        self.value: str | None = errand.progress.get("watermark")
        self.old = self.value
        self.edge = set(self.old_edge)
        self.brought_new = False

    def read(self, records: list[Any]) -> None:
        """Take note of one page's records."""
        for record in records:
            value = _at(record, self.path)
            if value in (None, ""):
                raise PullError(
                    f"{self.key}: a record has no {self.path}, so nobody could tell whether it was pulled"
                )
            text = str(value)
            digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()[:32]
            if digest not in self.old_edge:
                self.brought_new = True
            if self.value is None or _order(text, self.key) > _order(self.value, self.key):
                self.value, self.edge = text, {digest}
            elif _order(text, self.key) == _order(self.value, self.key):
                self.edge.add(digest)

    def progress(self) -> dict[str, Any]:
        return {"watermark": self.value, "edge": sorted(self.edge)}


def _order(text: str, key: str) -> tuple[int, float]:
    """A watermark as something that can be compared: a whole number or a time (Malaysian where it has no offset)."""
    if text.isdigit():
        return (0, float(int(text)))
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise PullError(
            f"{key}: the watermark {text!r} is neither a whole number nor an ISO 8601 time"
        ) from None
    return (1, (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(TIMEZONE))).timestamp())


@dataclass
class _Client:
    """GET with token, rate limit and retries."""

    errand: Errand
    token: str | None = None
    last: float | None = None
    pool: urllib3.PoolManager = field(init=False)

    def __post_init__(self) -> None:
        options = self.errand.source.options
        try:
            context = ssl.create_default_context(cafile=options.get("ca_file"))
        except OSError as error:
            raise SourcesError(f"{self.errand.source.key}: ca_file: {error}") from None
        timeout = float(options.get("timeout_seconds", 30))
        self.pool = urllib3.PoolManager(ssl_context=context, timeout=Timeout(connect=timeout, read=timeout))

    def close(self) -> None:
        self.pool.clear()

    def get(self, url: str) -> bytes:
        """The body of one page. Raises ``PullError`` when it cannot be had."""
        auth = self.errand.source.options.get("auth")
        headers = {"Accept": "application/json", "User-Agent": "mids"}
        for fresh in (False, True):
            if auth:
                headers["Authorization"] = f"Bearer {self._token(auth, fresh=fresh)}"
            status, body = self._ask("GET", url, headers)
            if status != 401 or not auth or auth["kind"] != "oauth2":
                break  # a token that ended half way is fetched anew, once
        if status == 401:
            raise PullError(f"{self.errand.source.key}: {_origin(url)} refuses the token: renew it")
        if status != 200:
            raise PullError(
                f"{self.errand.source.key}: {_plain(url)} answers {status}: {body[:120].decode(errors='replace')}"
            )
        return body

    def _token(self, auth: Mapping[str, Any], *, fresh: bool) -> str:
        source = self.errand.source
        if auth["kind"] == "bearer":
            return source.auth_secret("token_env")
        if self.token is None or fresh:
            form = {
                "grant_type": "client_credentials", "client_id": source.auth_secret("client_id_env"),
                "client_secret": source.auth_secret("client_secret_env"),
            }  # fmt: skip
            if auth.get("scope"):
                form["scope"] = auth["scope"]
            headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
            status, body = self._ask("POST", str(auth["token_url"]), headers, urlencode(form).encode())
            granted = _parse(body, source.key, str(auth["token_url"])) if status == 200 else {}
            token = granted.get("access_token") if isinstance(granted, dict) else None
            if not token:
                raise PullError(
                    f"{source.key}: {_plain(str(auth['token_url']))} gives no token ({status}): check the client"
                )
            self.token = str(token)
        return self.token

    def _ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> tuple[int, bytes]:
        options, key = self.errand.source.options, self.errand.source.key
        retry = Retry(
            total=int(options.get("attempts", 6)) - 1, backoff_factor=float(options.get("backoff_seconds", 1.0)),
            backoff_max=120, status_forcelist=_BUSY, allowed_methods=None, respect_retry_after_header=True,
        )  # fmt: skip
        while True:
            self._keep_rate()
            try:
                response = self.pool.request(
                    method,
                    url,
                    headers=dict(headers),
                    body=body,
                    retries=False,
                    redirect=False,
                    preload_content=False,
                )
                try:
                    content = self._read(response)
                    if response.status not in _BUSY:
                        return response.status, content
                    retry = retry.increment(method, url, response=response)
                    pause = retry.get_retry_after(response) or retry.get_backoff_time()
                    why = f"{key}: {_plain(url)} answers {response.status}"
                finally:
                    response.close()
            except MaxRetryError as error:
                raise PullError(
                    f"{key}: {_plain(url)}: {error.reason} (tried {options.get('attempts', 6)} times)"
                ) from None
            except HTTPError as error:
                why = f"{key}: {_plain(url)}: {_cause(error)}"
                try:
                    retry = retry.increment(method, url, error=error)
                except HTTPError:  # urllib3 raises the error itself, or MaxRetryError around it
                    raise PullError(f"{why} (tried {options.get('attempts', 6)} times)") from None
                pause = retry.get_backoff_time()
            self.errand.patience.wait(pause, why)

    def _read(self, response: urllib3.BaseHTTPResponse) -> bytes:
        """The whole body, no bigger than allowed; a body cut short raises urllib3's IncompleteRead."""
        most = int(self.errand.source.options.get("max_page_bytes", 64 * 1024 * 1024))
        parts, size = [], 0
        for block in response.stream(_BLOCK, decode_content=True):
            size += len(block)
            if size > most:
                raise PullError(
                    f"{self.errand.source.key}: a page is bigger than {most} bytes: ask for fewer records"
                )
            parts.append(block)
        return b"".join(parts)

    def _keep_rate(self) -> None:
        per_minute = self.errand.source.options.get("requests_per_minute")
        if per_minute and self.last is not None:
            early = 60 / float(per_minute) - (time.monotonic() - self.last)
            if early > 0:
                self.errand.patience.wait(
                    early, f"{self.errand.source.key}: requests_per_minute is {per_minute}"
                )
        self.last = time.monotonic()


def _parse(body: bytes, key: str, url: str) -> Any:
    try:
        return parse_json(body.decode("utf-8-sig"))
    except ValueError as error:
        raise PullError(f"{key}: {_plain(url)} does not answer in JSON: {str(error)[:120]}") from None


def _at(item: Any, path: str) -> Any:
    for part in path.split(".") if path else []:
        item = item.get(part) if isinstance(item, dict) else None
    return item


def _with_params(url: str, params: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True)) | dict(params)
    return urlunsplit(parts._replace(query=urlencode(query), fragment=""))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _plain(url: str) -> str:
    """The address without its query: that may hold what is personal."""
    return urlunsplit(urlsplit(url)._replace(query="", fragment=""))


def _cause(error: HTTPError) -> str:
    return str(getattr(error, "reason", None) or error)[:160]
