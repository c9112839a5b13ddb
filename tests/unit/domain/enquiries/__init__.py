"""The enquiry without a database: recorded, ordered, closed."""
