"""Rules of the house over Python text. Each answers the lines that break it, as ``"12: what stands there"``."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator

Found = list[str]
Rule = Callable[[str], Found]

INEXACT = {"float", "Float", "Double", "REAL", "Numeric"}
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}
LONGEST_PYTHON_FILE = 400


def commits(text: str) -> Found:
    """Only the owner of transactions commits."""
    return [_at(call) for call in _calls(text) if _method(call) in {"commit", "rollback"}]


def row_locks(text: str) -> Found:
    """Locking helpers stand in one file, where their order can be seen."""
    return [_at(call) for call in _calls(text) if "with_for_update" in {_method(call), *_keywords(call)}]


def inexact_numbers(text: str) -> Found:
    """No float type anywhere in the program: amounts are exact."""
    names = (node for node in _nodes(text) if isinstance(node, ast.Name | ast.Attribute))
    return [_at(node) for node in names if (node.id if isinstance(node, ast.Name) else node.attr) in INEXACT]


def inexact_literals(text: str) -> Found:
    """No float written down where amounts are worked with."""
    return [_at(node) for node in _nodes(text) if isinstance(node, ast.Constant) and isinstance(node.value, float)]


def roundings(text: str) -> Found:
    """Money is rounded in the domain."""
    return [_at(call) for call in _calls(text) if _method(call) == "quantize" or _function(call) == "round"]


def clock_readings(text: str) -> Found:
    """The clock is injected, never read deep inside."""
    return [
        _at(call)
        for call in _calls(text)
        if isinstance(call.func, ast.Attribute) and (_last_name(call.func.value), call.func.attr) in CLOCKS
    ]


def error_handling(text: str) -> Found:
    """Refusals are turned into answers in one place, so blueprints catch nothing."""
    return [_at(node) for node in _nodes(text) if isinstance(node, ast.Try)]


def foreign_imports(text: str) -> Found:
    """The domain imports the standard library and itself."""
    allowed = sys.stdlib_module_names | {"webapp.domain"}
    return [line for line, module in _imports(text) if not _is_within(module, allowed)]


def mocks(text: str) -> Found:
    """Results are tested, not calls."""
    return [line for line, module in _imports(text) if _is_within(module, {"unittest.mock", "mock", "pytest_mock"})]


def length(text: str) -> Found:
    """A long file is two capabilities."""
    lines = len(text.splitlines())
    return [f"{lines}: more than {LONGEST_PYTHON_FILE} lines"] if lines > LONGEST_PYTHON_FILE else []


def _nodes(text: str) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(text))


def _calls(text: str) -> Iterator[ast.Call]:
    return (node for node in _nodes(text) if isinstance(node, ast.Call))


def _method(call: ast.Call) -> str | None:
    return call.func.attr if isinstance(call.func, ast.Attribute) else None


def _function(call: ast.Call) -> str | None:
    return call.func.id if isinstance(call.func, ast.Name) else None


def _keywords(call: ast.Call) -> set[str | None]:
    return {keyword.arg for keyword in call.keywords}


def _last_name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def _imports(text: str) -> Iterator[tuple[str, str]]:
    for node in _nodes(text):
        if isinstance(node, ast.Import):
            yield from ((_at(node), alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((_at(node), f"{node.module}.{alias.name}") for alias in node.names)


def _is_within(module: str, packages: set[str] | frozenset[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _at(node: ast.AST) -> str:
    return f"{getattr(node, 'lineno', 0)}: {ast.unparse(node).splitlines()[0]}"
