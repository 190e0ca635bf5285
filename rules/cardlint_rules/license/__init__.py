"""Rules about what licenses ask for: texts, notices, conditions of the parents, conflicts."""
