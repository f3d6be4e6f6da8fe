"""From findings to an outcome: pure, no input or output."""
