"""Effects: messages that leave the house, from the wish to send one to what became of it."""
