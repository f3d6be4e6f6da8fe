"""Tells tumours apart, and reads the digits of forms."""
