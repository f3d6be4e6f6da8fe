"""Where metrics, predictions and baselines come from."""
