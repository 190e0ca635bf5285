"""Who the parents are said to be, and their repositories."""
