"""Where models are promoted."""
