"""Marac Gateway: case lists out to agencies' record systems, and the answers back."""
