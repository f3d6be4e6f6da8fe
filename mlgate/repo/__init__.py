"""Git: snapshots, changes, base, CI detection, notebooks."""
