"""What the system hears from Kafka, turned into the same use cases and projections."""
