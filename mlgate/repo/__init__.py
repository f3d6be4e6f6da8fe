"""What git knows: snapshots, changes, the base, the CI we run in, notebooks, tools already used."""
