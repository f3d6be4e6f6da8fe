"""Compare-and-set, evidence, history."""
