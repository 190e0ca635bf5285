"""What the rules say about real cards, and the labels of the prose scanner."""
