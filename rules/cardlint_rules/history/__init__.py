"""Rules about what the card and the files once said: bases, licenses, results and weights that came late or left."""
