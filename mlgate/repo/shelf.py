"""A shelf of small files under a ref of its own, beside the branches: `refs/mlgate/...`."""

from __future__ import annotations

from mlgate.core.errors import RepositoryError, UsageError
from mlgate.repo.git import Repository, decoded

_IDENTITY = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "mlgate"), ("EMAIL", "mlgate@localhost"))
}


def listing(repo: Repository, ref: str) -> dict[str, str]:
    """Name to blob id; empty where the ref is not here."""
    out = repo.git("for-each-ref", "--format=%(objectname)", ref)
    tip = out.decode("ascii").strip()
    if not tip:
        return {}
    listed = decoded(repo.git("ls-tree", "-z", "--full-tree", tip)).split("\0")[:-1]
    heads = [line.partition("\t") for line in listed]
    return {name: head.split()[2] for head, _, name in heads if head.split()[1] == "blob"}


def read(repo: Repository, blob: str, limit: int) -> bytes | None:
    """The bytes of a file of the shelf; None where they are more than `limit`."""
    if int(repo.git("cat-file", "-s", blob)) > limit:
        return None
    return repo.git("cat-file", "blob", blob)


def put(repo: Repository, ref: str, name: str, content: bytes) -> None:
    """Add one file in a commit of its own. Raises `UsageError` where the ref moved meanwhile."""
    before = repo.git("for-each-ref", "--format=%(objectname)", ref).decode("ascii").strip()
    files = listing(repo, ref)
    files[name] = repo.git("hash-object", "-w", "--stdin", stdin=content).decode("ascii").strip()
    rows = "".join(f"100644 blob {blob}\t{name}\0" for name, blob in sorted(files.items()))
    tree = repo.git("mktree", "-z", stdin=rows.encode()).decode("ascii").strip()
    parent = ("-p", before) if before else ()
    made = repo.start("commit-tree", "-m", f"Add {name}", *parent, tree, env=_IDENTITY)
    commit = made.read().decode("ascii").strip()
    try:
        repo.git("update-ref", ref, commit, before or "0" * len(commit))
    except RepositoryError:
        raise UsageError(f"{ref} was changed meanwhile", "run the same command again") from None
