"""Intervals, tests, sample sizes, corrections: pure functions on numbers."""
