"""One file per kind of gate."""
