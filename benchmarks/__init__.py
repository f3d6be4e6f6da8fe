"""Measures mlgate beside what a user would run instead: same files, same tools, one run."""
