"""One file per format: a function from report to text."""
