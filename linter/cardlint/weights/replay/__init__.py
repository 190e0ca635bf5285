"""Recipes computed exactly as merging software computes them, counted to the bit.

One module for each family of recipes. What a module finds is an
:class:`~cardlint.weights.replay.explanation.Explanation`; :data:`RECIPES` in
:mod:`cardlint.weights.replay.search` says in which order they are tried.
"""
