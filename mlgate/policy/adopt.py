def adopt(*a):
    raise NotImplementedError
