"""Finds files that are no Python, for formatters that pass over them in silence."""

from __future__ import annotations

import ast
import os
import warnings
from collections.abc import Iterator

from mlgate.core.finding import Finding, Location
from mlgate.core.words import Level
from mlgate.tools._ask import Ask


def unparsable(ask: Ask) -> Iterator[Finding]:
    """One finding for each file of `ask` that Python cannot parse."""
    for name in ask.names:
        with open(os.path.join(ask.folder, *name.split("/")), "rb") as file:
            content = file.read()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(content)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            yield Finding(
                rule=f"{ask.kind}/syntax-error",
                message=f"Python cannot parse it: {getattr(error, 'msg', None) or error}",
                level=Level.ERROR,
                location=Location(
                    path=name,
                    line=getattr(error, "lineno", None) or None,
                    column=getattr(error, "offset", None) or None,
                ),
                help="correct it; as it is, the file was not judged",
            )
