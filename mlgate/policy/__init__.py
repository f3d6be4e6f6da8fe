"""Reading, extending and writing the policy."""
