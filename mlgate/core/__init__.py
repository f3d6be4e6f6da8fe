"""The types that every room shares: finding, verdict, report, gate, errors, exit codes."""
