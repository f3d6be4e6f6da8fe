"""A small machine-learning project to see mlgate at work, and the faults to plant in it."""
