"""The import rule of the house: orchestration knows the pure rooms, never the other way round."""

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PURE = ("mids_orchestration/landing", "mids_orchestration/linkage", "mids_orchestration/release",
        "mids_orchestration/sample", "forecasting", "expectations")  # fmt: skip
MAY_IMPORT_DAGSTER = (
    "mids_orchestration/defs/",
    "mids_orchestration/definitions.py",
    "mids_orchestration/cli.py",
)
CLOCKS = {("date", "today"), ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("time", "time"),
          ("Timestamp", "now"), ("Timestamp", "today")}  # fmt: skip


def _modules() -> list[Path]:
    roots = ("mids_orchestration", "forecasting", "expectations")
    return sorted(path for root in roots for path in (REPOSITORY / root).rglob("*.py"))


def _imports(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("path", _modules(), ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_module_keeps_the_rule(path: Path) -> None:
    relative = path.relative_to(REPOSITORY).as_posix()
    tree = ast.parse(path.read_text())
    imported = _imports(tree)
    assert ast.get_docstring(tree), f"{relative} has no charter: say what belongs there"
    if not relative.startswith(MAY_IMPORT_DAGSTER):
        dagster = sorted(name for name in imported if name.split(".")[0].startswith("dagster"))
        assert not dagster, f"{relative} imports {dagster}: only defs/, definitions.py and cli.py may"
    if relative.startswith(PURE):
        upward = sorted(
            n for n in imported if n.startswith(("mids_orchestration.defs", "mids_orchestration.cli"))
        )
        assert not upward, f"{relative} reaches up into {upward}"


@pytest.mark.parametrize("path", [p for p in _modules() if p.relative_to(REPOSITORY).as_posix().startswith(PURE)],
                         ids=lambda path: path.relative_to(REPOSITORY).as_posix())  # fmt: skip
def test_pure_module_never_asks_the_clock_or_the_environment(path: Path) -> None:
    tree = ast.parse(path.read_text())
    asked = [
        f"line {node.lineno}: {node.func.value.id}.{node.func.attr}()"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr) in CLOCKS
    ]
    assert not asked, f"{path.name}: pass as_of instead ({asked})"
    environ = [
        node.lineno for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "environ"
    ]
    assert not environ, f"{path.name}: only settings.py reads the environment (line {environ})"
