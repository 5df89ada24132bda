"""What the REST systems of the demonstration have in common: a front door, problems, tokens, work items, signed notices."""
