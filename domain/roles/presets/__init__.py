"""The ready-made roles, one file each; published at the first start."""
