"""The demonstration: agencies' stand-ins, all processes of the gateway, and one whole Marac cycle played without a person.

Synthetic people only. Nothing of production imports this package.
"""
