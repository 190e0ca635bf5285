"""What the card and the files said at each commit."""
