"""What our city asks of a model card."""
