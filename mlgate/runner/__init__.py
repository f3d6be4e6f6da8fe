"""Plan, cache, workers; emits events that the command line draws."""
