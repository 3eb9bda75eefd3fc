"""The history: former versions of the frameworks, beside their successors."""
