"""Reading, extending, checking and writing the policy."""
