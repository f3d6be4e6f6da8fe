"""Runs in a tool's own interpreter: the rules `ML1xx` on dangers in machine-learning code.

`_ml_rules.py [--ignore-nosec] -- FILE...` prints a JSON line for each fact and `{"end": true}`.
Standard library only. Names are followed through imports, assignments and constant `getattr`.
"""

from __future__ import annotations

import ast
import io
import json
import re
import sys
import tokenize
from collections.abc import Iterator
from typing import Any

_REMOTE = re.compile(r"(?i)(https?|s3a?|gs|wasbs?|abfss?|hdfs|s?ftp|dbfs|viewfs|hf)://?")
_ESCAPES = re.compile(r"__\w+__|\b(eval|exec|compile)\s*\(")
_NOSEC = re.compile(r"#\s*nosec\b:?([^#]*)")
_LOAD_MODEL = re.compile(r"mlflow(\.\w+)*\.load_model")
_UNPICKLES = frozenset(
    f"{module}.{name}"
    for module in ("dill", "cloudpickle", "dill._dill", "joblib.externals.cloudpickle")
    for name in ("load", "loads", "load_session", "load_module", "load_module_asdict", "Unpickler")
)
_JOBLIB = frozenset({"joblib.load", "sklearn.externals.joblib.load", "joblib.numpy_pickle.load"})
# What bandit's own number silences, ours does not repeat.
_SAME = {"ML104": "B301"}


def main() -> None:
    """Judge the files named after `--`."""
    split = sys.argv.index("--")
    heed = "--ignore-nosec" not in sys.argv[1:split]
    for name in sys.argv[split + 1 :]:
        for fact in judge(name, heed):
            print(json.dumps({"name": name, **fact}))
    print(json.dumps({"end": True}))


def judge(name: str, heed: bool) -> Iterator[dict[str, Any]]:
    """The facts about one file; `heed` says whether `# nosec` silences."""
    try:
        with open(name, "rb") as file:
            content = file.read()
        tree = ast.parse(content)
        finder = Finder()
        finder.visit(tree)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError) as error:
        yield {"error": f"{type(error).__name__}: {error}"}
        return
    silenced = _silenced(content) if heed and finder.found and b"nosec" in content else {}
    for rule, detail, node in finder.found:
        last = node.end_lineno or node.lineno
        lines = [silenced[n] for n in range(node.lineno, last + 1) if n in silenced]
        if not any(not ids or rule in ids or _SAME.get(rule) in ids for ids in lines):
            place = {"line": node.lineno, "column": node.col_offset + 1, "end": last}
            yield {"rule": rule, "detail": detail, **place}


def _silenced(content: bytes) -> dict[int, set[str]]:
    """Line to the rules that its `# nosec` names; an empty set for all."""
    found: dict[int, set[str]] = {}
    try:
        for token in tokenize.tokenize(io.BytesIO(content).readline):
            match = _NOSEC.search(token.string) if token.type == tokenize.COMMENT else None
            if match:
                found[token.start[0]] = set(re.findall(r"\b(?:B|ML)\d+\b", match[1]))
    except (tokenize.TokenError, SyntaxError):
        pass
    return found


class Finder(ast.NodeVisitor):
    """Collects (rule, detail, node) over one module."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str, ast.expr]] = []
        # One mapping a scope: a name to the dotted paths that it may mean, and to its text.
        self._scopes: list[dict[str, set[str]]] = [{}]
        self._texts: list[dict[str, str]] = [{}]

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            self._add(name, alias.name if alias.asname else name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if node.module and not node.level:
                self._add(alias.asname or alias.name, f"{node.module}.{alias.name}")
            else:
                self._scopes[-1][alias.asname or alias.name] = set()

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        for target in node.targets:
            self._bind(target, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.generic_visit(node)
        if node.value is not None:
            self._bind(node.target, node.value)

    def visit_For(self, node: ast.For) -> None:
        self._bind(node.target, None)
        self.generic_visit(node)

    def visit_With(self, node: ast.With) -> None:
        for item in node.items:
            if item.optional_vars is not None:
                self._bind(item.optional_vars, None)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._scopes[-1][node.name] = set()
        self._inside(node, node.args)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.visit_FunctionDef(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._inside(node, node.args)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._scopes[-1][node.name] = set()
        self._inside(node, None)

    def visit_Dict(self, node: ast.Dict) -> None:
        self.generic_visit(node)
        for key, value in zip(node.keys, node.values):  # noqa: B905 - older interpreters
            if isinstance(key, ast.Constant) and key.value == "trust_remote_code" and _true(value):
                self.found.append(("ML103", "trust_remote_code", value))

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        keywords = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        paths = self._paths(node.func)
        if paths & _JOBLIB:
            self.found.append(("ML101", min(paths & _JOBLIB), node))
        third = node.args[2] if len(node.args) > 2 else None
        if "numpy.load" in paths and _true(keywords.get("allow_pickle", third)):
            self.found.append(("ML102", "numpy.load", node))
        if _true(keywords.get("trust_remote_code")):
            self.found.append(("ML103", "trust_remote_code", node))
        if paths & _UNPICKLES:
            self.found.append(("ML104", min(paths & _UNPICKLES), node))
        self._remote_model(node, paths, keywords)
        self._evaluates(node, paths, keywords)

    def _remote_model(self, node: ast.Call, paths: set[str], keywords: dict[str, ast.expr]) -> None:
        loads = [path for path in paths if _LOAD_MODEL.fullmatch(path)]
        address = node.args[0] if node.args else keywords.get("model_uri")
        if loads and address is not None and _REMOTE.match(self._text(address)):
            self.found.append(("ML105", min(loads), node))

    def _evaluates(self, node: ast.Call, paths: set[str], keywords: dict[str, ast.expr]) -> None:
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        expression = node.args[0] if node.args else keywords.get("expr")
        if expression is None or ("pandas.eval" not in paths and method not in ("query", "eval")):
            return
        constant = isinstance(expression, ast.Constant)
        engine = keywords.get("engine")
        python = isinstance(engine, ast.Constant) and engine.value == "python"
        if "pandas.eval" in paths and not constant:
            self.found.append(("ML106", "pandas.eval", node))
        elif python and (not constant or _ESCAPES.search(self._text(expression))):
            self.found.append(("ML106", f"DataFrame.{method or 'eval'}", node))
        elif python:
            self.found.append(("ML107", f"DataFrame.{method or 'eval'}", node))

    def _inside(self, node: ast.AST, arguments: ast.arguments | None) -> None:
        """Visit what has a scope of its own, in which its parameters hide outer names."""
        self._scopes.append({})
        self._texts.append({})
        if arguments is not None:
            for argument in ast.walk(arguments):
                if isinstance(argument, ast.arg):
                    self._scopes[-1][argument.arg] = set()
        self.generic_visit(node)
        self._scopes.pop()
        self._texts.pop()

    def _add(self, name: str, path: str) -> None:
        self._scopes[-1].setdefault(name, set()).add(path)

    def _bind(self, target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            for part in target.elts:
                self._bind(part, None)
        elif isinstance(target, ast.Name):
            if isinstance(value, ast.Constant) and value.value is None:
                return  # `except ImportError: joblib = None`
            self._scopes[-1][target.id] = self._paths(value) if value is not None else set()
            self._texts[-1][target.id] = self._text(value) if value is not None else ""

    def _paths(self, node: ast.expr) -> set[str]:
        """The dotted paths that an expression may mean; empty where that cannot be told."""
        if isinstance(node, ast.Name):
            for scope in reversed(self._scopes):
                if node.id in scope:
                    return scope[node.id]
            return {node.id} if node.id in ("getattr", "__import__") else set()
        if isinstance(node, ast.Attribute):
            return {f"{path}.{node.attr}" for path in self._paths(node.value)}
        if isinstance(node, ast.Call) and node.args:
            return self._called(node)
        return set()

    def _called(self, node: ast.Call) -> set[str]:
        called = self._paths(node.func)
        if "getattr" in called and len(node.args) > 1 and self._text(node.args[1]):
            name = self._text(node.args[1])
            return {f"{path}.{name}" for path in self._paths(node.args[0])}
        if called & {"importlib.import_module", "__import__"} and self._text(node.args[0]):
            return {self._text(node.args[0])}
        return set()

    def _text(self, node: ast.expr) -> str:
        """The text of a constant, or what an f-string or a sum begins with; else empty."""
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else ""
        if isinstance(node, ast.JoinedStr):
            return self._text(node.values[0]) if node.values else ""
        if isinstance(node, ast.BinOp):
            return self._text(node.left)
        if isinstance(node, ast.FormattedValue):
            return self._text(node.value)
        if isinstance(node, ast.Name):
            for texts in reversed(self._texts):
                if node.id in texts:
                    return texts[node.id]
        return ""


def _true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


if __name__ == "__main__":
    main()
