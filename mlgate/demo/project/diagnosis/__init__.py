"""Tells benign from malignant breast tumours."""
