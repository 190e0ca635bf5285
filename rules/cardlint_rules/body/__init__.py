"""Rules about the body of a card: sections, links, leftovers, hidden text."""
