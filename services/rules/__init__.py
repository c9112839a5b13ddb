"""Rules for people: which are published, what they say in words, how they lead to each other."""
