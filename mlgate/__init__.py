"""Quality gates for machine-learning repositories: one policy, one command, one verdict."""

__version__ = "0.1.0"
