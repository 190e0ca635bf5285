"""What should not go up to the Hub: secrets, private files, what only training needs."""
