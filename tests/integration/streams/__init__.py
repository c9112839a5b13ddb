"""The relay, the workers and the topics, against a real PostgreSQL and a real Kafka."""
