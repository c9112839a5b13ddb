"""Ready-made calendars, one YAML file each; `infra.calendar_files.load_preset` reads them."""
