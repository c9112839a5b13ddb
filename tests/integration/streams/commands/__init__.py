"""Commands by Kafka: what they are answered, and what faults do not do to them."""
