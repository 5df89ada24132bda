"""Stand-ins for the agencies' record systems: products of their own, sharing no code with the gateway."""
