"""What DVC writes down, read without DVC: pointers, pipelines, manifests, configuration, objects."""
