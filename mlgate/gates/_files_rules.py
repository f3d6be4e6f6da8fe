"""What the rules of the `files` gate mean, and how to mend what they find."""

from __future__ import annotations

from mlgate.core.gate import Rule
from mlgate.core.words import Level

rules: dict[str, Rule] = {
    "trailing-whitespace": Rule(
        "A line ends in spaces or tabs, which shows up as noise in every later diff.",
        "mlgate fix --gate files",
    ),
    "end-of-file": Rule(
        "A text file does not end in exactly one newline.", "mlgate fix --gate files"
    ),
    "mixed-line-ending": Rule(
        "Lines of one file end in different ways (LF, CRLF, CR).", "mlgate fix --gate files"
    ),
    "byte-order-mark": Rule(
        "A UTF-8 file starts with a byte-order mark, which many programs read as a character.",
        "mlgate fix --gate files",
    ),
    "merge-conflict": Rule(
        "The marks of an unresolved merge conflict are still in the file.",
        "resolve the conflict and delete the lines of <<<<<<<, ======= and >>>>>>>",
        Level.ERROR,
    ),
    "yaml-syntax": Rule(
        "A YAML file cannot be parsed.",
        "correct the line named; for a template, add the path to ignore.yaml-syntax",
        Level.ERROR,
    ),
    "toml-syntax": Rule("A TOML file cannot be parsed.", "correct the line named", Level.ERROR),
    "json-syntax": Rule(
        "A JSON file (or notebook) cannot be parsed.",
        "correct the line named; JSON has no comments and no trailing commas",
        Level.ERROR,
    ),
    "duplicate-key": Rule(
        "A mapping has the same key twice: all but the last are silently lost.",
        "delete or rename one of the two",
        Level.ERROR,
    ),
    "case-conflict": Rule(
        "Two paths differ in case or Unicode form only: on macOS and Windows one is lost.",
        "git mv one of them to another name",
        Level.ERROR,
    ),
    "large-file": Rule(
        "A file larger than max_size was added: git keeps every version of it for ever.",
        "git rm --cached it, then track it with DVC (dvc add) or Git LFS (git lfs track)",
    ),
    "private-key": Rule(
        "A file holds a private key.",
        "take it out of the commit and out of the history, and replace the key: it is burnt",
        Level.ERROR,
    ),
    "executable-without-shebang": Rule(
        "A text file is executable but does not say what runs it.",
        "add a first line such as #!/usr/bin/env python3, or: git update-index --chmod=-x PATH",
    ),
    "shebang-not-executable": Rule(
        "A script has a shebang but may not be executed.",
        "git update-index --chmod=+x PATH, or delete the shebang",
    ),
    "debug-statement": Rule(
        "Code stops in a debugger: a breakpoint() call or the import of one.", "delete the line"
    ),
    "broken-symlink": Rule(
        "A symbolic link points to what the repository does not hold, or to itself.",
        "point it at a tracked path (ln -sfn TARGET PATH), or git rm it",
        Level.ERROR,
    ),
    "symlink-outside": Rule(
        "A symbolic link leaves the repository: it reads other files on every machine.",
        "point it at a path inside of the repository, or git rm it",
        Level.ERROR,
    ),
    "destroyed-symlink": Rule(
        "A symbolic link became a plain file that holds the link's target as text.",
        "git checkout the base's version of it, with core.symlinks=true",
        Level.ERROR,
    ),
    "not-judged": Rule(
        "A file was too large, or too deeply nested, for the rules named.",
        "keep such files out of git (dvc add), or put the path under the gate's exclude",
    ),
}
