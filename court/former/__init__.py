"""Former versions: what they answer beside today's, and the record of what they answered."""
