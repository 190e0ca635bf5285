"""Rules about who a model says it is: names in its chat template, its answers."""
