"""Templates that come with Orderpath, one YAML file each."""
