"""Where feeds are pulled from: ``sources.yml`` in the data home.

Belongs here: reading and checking that file, and the secrets it names. Does not belong here: connecting.

The file is outside the repository because hosts, accounts and paths are an installation's own. It never holds a secret:
it names the environment variable that does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import yaml

from expectations.contract import Contract
from mids_orchestration.landing.pull.errors import SourcesError

FILE_NAME = "sources.yml"
TRANSPORTS = ("sftp", "http", "postgres")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Source:
    """One feed's server: the options of its transport, and a way to its secrets."""

    contract: Contract
    options: Mapping[str, Any]
    secret_of: Callable[[str], str | None] = field(repr=False, compare=False)

    @property
    def key(self) -> str:
        """``agency.feed``."""
        return self.contract.key

    @property
    def transport(self) -> str:
        """``sftp``, ``http`` or ``postgres``: the contract's."""
        return self.contract.transport

    @property
    def records_path(self) -> str:
        """Dotted path of the list of records in a JSON document; empty where the document is the list."""
        record = self.contract.records[0]
        return record.records_path or self.contract.format.records_path or ""

    def secret(self, option: str) -> str | None:
        """The secret in the environment variable that *option* names; None where the option is not given.

        Raises ``SourcesError`` naming the variable when it is not set.
        """
        name = self.options.get(option)
        return None if name is None else self._read(str(name), option)

    def auth_secret(self, option: str) -> str:
        """Like ``secret``, for the options under ``auth`` of an HTTP source."""
        return self._read(str(self.options["auth"][option]), f"auth.{option}")

    def _read(self, name: str, option: str) -> str:
        value = self.secret_of(name)
        if not value:
            raise SourcesError(f"{self.key}: set the environment variable {name} ({FILE_NAME}, {option})")
        return value


@cache
def _schema() -> dict[str, Any]:
    text = (
        resources.files("mids_orchestration.landing.pull").joinpath("sources.schema.json").read_text("utf-8")
    )
    return json.loads(text)


def load_sources(
    home: Path, contracts: Mapping[str, Contract], secret_of: Callable[[str], str | None]
) -> dict[str, Source]:
    """Return the sources named in ``<home>/sources.yml`` by ``agency.feed``; none where there is no such file.

    Args:
        home: the data home.
        contracts: by ``agency.feed``; each source must have one, and its ``transport:`` says how it is pulled.
        secret_of: gives the value of an environment variable.

    Raises ``SourcesError`` naming the feed and the option at fault.
    """
    path = home / FILE_NAME
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SourcesError(f"{path}: not readable as YAML: {error}") from None
    if not isinstance(raw, dict):
        raise SourcesError(f"{path}: write `agency.feed:` and below it where that feed is pulled from")
    return {str(key): _source(path, str(key), value, contracts, secret_of) for key, value in raw.items()}


def _source(
    path: Path,
    key: str,
    options: Any,
    contracts: Mapping[str, Contract],
    secret_of: Callable[[str], str | None],
) -> Source:
    contract = contracts.get(key)
    if contract is None:
        raise SourcesError(f"{path}: there is no contract for {key!r}; `mids feeds list` shows the feeds")
    if contract.transport not in TRANSPORTS:
        raise SourcesError(
            f"{path}: the contract of {key} says `transport: {contract.transport}`, so it is not pulled; "
            f"a pulled feed has one of {', '.join(TRANSPORTS)}"
        )
    schema = {"$ref": f"#/$defs/{contract.transport}", "$defs": _schema()["$defs"]}
    problem = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(options))
    if problem is not None:
        where = ".".join([key, *(str(step) for step in problem.absolute_path)])
        raise SourcesError(f"{path}: {where}: {problem.message}")
    if contract.transport == "http":
        auth = options.get("auth", {})
        for address in (options["url"], auth.get("token_url", "https://")):
            parts = urlsplit(address)
            if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
                raise SourcesError(f"{path}: {key}: {address} is not encrypted: use https")
    return Source(contract, options, secret_of)
