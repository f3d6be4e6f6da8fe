"""One private SQLite: findings and runs, each a typed table."""
