def touched(*a):
    return frozenset()


def staged(repo):
    return frozenset(
        p.decode() for p in repo.git("diff", "--cached", "--name-only", "-z").split(b"\0") if p
    )
