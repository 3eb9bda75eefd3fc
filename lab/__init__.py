"""What tries the toolkit and measures it; nothing that is installed imports it."""
