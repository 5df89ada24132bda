"""The rules: who may do what, what may leave, where an alert may stand, whose record it is, how long things last. Pure, no I/O."""
