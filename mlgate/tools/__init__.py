"""One file per third-party program: how it is found and called, and how its output is read."""
