"""Durable delivery: messages out at least once, replies in once, differences found. Knows nothing of what it carries."""
