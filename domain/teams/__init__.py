"""Teams: who of a group is there, what each can do, and which open orders each holds."""
