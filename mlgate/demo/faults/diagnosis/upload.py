"""Where trained models go."""

from __future__ import annotations

BUCKET = "s3://models/diagnosis"
AWS_ACCESS_KEY_ID = "<secret>"
