"""Former versions: the interpreters that run them here, and the record of what they answered."""
