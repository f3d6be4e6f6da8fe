"""Learns the model, then judges it: `python -m diagnosis`."""

from diagnosis import evaluate, train

train.main()
evaluate.main()
