"""Promotion: the chain of evidence, what may be appended to it, and what it proves."""
