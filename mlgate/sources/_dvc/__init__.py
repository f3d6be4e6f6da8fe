"""What DVC writes down, read without DVC."""
