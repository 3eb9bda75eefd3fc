"""What all commands share: options, what they may ask of the two witnesses, how they end."""
