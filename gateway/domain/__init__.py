"""What the gateway speaks about: frozen values of the field, standard library only. No rule, no framework, no I/O."""
