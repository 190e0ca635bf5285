"""Who a model says it is."""
