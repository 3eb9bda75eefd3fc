"""The atlas: every route of every framework, in one table."""
