"""Roles: who may command, ask and see what. Published by a shop in versions, as paths are."""
