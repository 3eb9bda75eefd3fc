"""What is known and put to the frameworks again: wrong gradients, and public disputes."""
