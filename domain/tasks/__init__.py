"""Tasks: what somebody is to do, by a time, given by a person or a rule."""
