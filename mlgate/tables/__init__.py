"""The aggregate vocabulary and the engines that answer it."""
