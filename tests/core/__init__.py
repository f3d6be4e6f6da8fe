"""Tests of the types that every room shares."""
