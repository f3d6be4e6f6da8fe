"""Lazy click group, one file per command."""
