"""The customer without a database: contacts, tags, marks, and who becomes one by an order."""
