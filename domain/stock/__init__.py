"""Stock: the pieces of an article at a location, and the orders that they are reserved for."""
