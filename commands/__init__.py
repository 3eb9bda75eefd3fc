"""The commands: what a user types, which witnesses that needs, and what is printed of it."""
