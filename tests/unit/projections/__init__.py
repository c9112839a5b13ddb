"""Read models without a database: names, texts, rows."""
