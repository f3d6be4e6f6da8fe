"""Keys, envelopes, git signatures, approvals."""
