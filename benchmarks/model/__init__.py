"""Error rates of the model gate's verdicts, enumerated or simulated, and what they cost."""
