"""Ready-made order paths, one YAML file each; `infra.path_files.load_preset` reads them."""
