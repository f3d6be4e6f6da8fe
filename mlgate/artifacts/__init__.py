"""Reads model files as untrusted bytes: what loading them would run, without loading anything."""
