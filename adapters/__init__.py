"""The only rooms that speak to agencies' systems. What goes on the wire is built by ``mappings``; what fails is told as a fault with a code."""
