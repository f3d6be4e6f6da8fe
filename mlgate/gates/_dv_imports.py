"""Are imports still with the repositories that they come from?"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.text import shown
from mlgate.gates._dv_ground import Ground, not_asked, noted, quoted, stated
from mlgate.sources._dvc import imports
from mlgate.sources._dvc.facts import Import, Pointer
from mlgate.sources._dvc.versions import root_of

_ODD = re.compile(r"-|[\w+.-]*::")
"""What git would take for an option, or for the name of a program to run."""


def check(ground: Ground) -> Iterator[Finding]:
    """Their bytes are in no remote of ours, so it is the source that is asked."""
    groups: dict[str, list[tuple[Pointer, Import]]] = {}
    for pointer in ground.versions.pointers.values():
        one = pointer.imported
        if one is None or not one.url or not one.pinned:
            continue
        if _ODD.match(one.url):
            text = f"{shown(pointer.path)} was imported from {shown(one.url)}, which is no URL"
            yield stated("schema", text, pointer.path)
            continue
        if not ground.ctx.options.retrievable:
            yield not_asked(f"the import from {shown(one.source)} was not looked for", pointer.path)
            continue
        folder = ground.config(root_of(pointer.path, ground.versions.roots)).root
        if ground.ctx.network or os.path.isdir(os.path.join(folder, one.url)):
            groups.setdefault(folder, []).append((pointer, one))
        else:
            text = f"the import from {shown(one.source)} was not looked for: that needs the network"
            yield noted("not-asked", text, pointer.path)
    for folder, group in groups.items():
        try:
            answers = imports.ask(ground.ctx, folder, [one for _, one in group])
        except GateError as error:
            ground.errors.append(error)
            continue
        for (pointer, one), answer in zip(group, answers, strict=True):
            yield from _judged(ground, pointer, one, answer)


def _judged(
    ground: Ground, pointer: Pointer, one: Import, answer: imports.Answer
) -> Iterator[Finding]:
    where = f"{shown(one.source)} at {str(one.pinned)[:12]}"
    if not answer.error:
        yield noted("import", f"{where} is there, as `dvc list` says", pointer.path)
    elif answer.error == "gone":
        text = f"{where} is not there any more: {answer.message}"
        yield stated(
            "not-in-source", text, pointer.path, None, f"dvc update {quoted(pointer.path)}"
        )
    elif answer.error == "no-dvc":
        ground.errors.append(
            GateError("dvc is not installed in the project's environment", "pip install dvc")
        )
    else:
        ground.errors.append(
            GateError(
                f"the source of {shown(pointer.path)} cannot be asked: {answer.message}",
                f"see that it answers: dvc list {quoted(one.url, one.path)}",
            )
        )
