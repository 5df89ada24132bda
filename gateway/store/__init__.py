"""PostgreSQL: the truth. Implements the ports of the use cases; seals whatever identifies a person."""
