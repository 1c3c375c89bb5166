"""What holds for every test: which of them share a worker, and the world that the slow ones share."""

from __future__ import annotations

import pytest

from tests.world import World, make_world


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of a module on one worker, unless the module says which others it goes with."""
    for item in items:
        if not any(item.iter_markers("xdist_group")):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.split("::", 1)[0]))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse a pytest that xdist cannot group under: each worker would make every world anew, unseen.

    Raises:
        pytest.UsageError: when groups were asked for and are not in force.
    """
    grouped = session.config.getoption("loadgroup", default=False)
    if grouped and not all("@" in item.nodeid for item in session.items):
        raise pytest.UsageError(
            "--dist loadgroup does not group under this pytest: keep the pin of pyproject.toml"
        )


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A data home with a finished cycle; read it, do not change it but by running the same cycle again."""
    return make_world(tmp_path_factory.mktemp("world") / "home")
