"""Scripts that the project's own interpreter runs; each stands alone, with the standard library."""
