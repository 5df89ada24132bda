"""Matching in bulk: lists against whole extracts, and learning a model from an index. Numbers in columns; the weights are the scorer's own."""
