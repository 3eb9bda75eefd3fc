"""Identities that hold for all parameters, each reduced to exactly zero."""
