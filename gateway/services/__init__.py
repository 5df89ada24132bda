"""Use cases. Each takes a ``Work`` (one open transaction) and an ``Actor``; none commits, none knows a framework."""
