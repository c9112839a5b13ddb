"""Everything that can be asked of Orderpath: a module for each area; catalog has all."""
