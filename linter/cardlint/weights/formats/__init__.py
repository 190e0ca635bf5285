"""How numbers are stored: one file for each encoding."""
