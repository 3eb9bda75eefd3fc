"""Disputes: what people disagreed about in public, settled by checks that run."""
