def detect(environ):
    return None
