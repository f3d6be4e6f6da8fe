class Base:
    commit = ""
    label = ""


def resolve(*a):
    return None


def commits(*a):
    return ()
