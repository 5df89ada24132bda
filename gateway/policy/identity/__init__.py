"""Is this record this person's? One versioned model, one scorer, and rules that decide; see docs/matching.md.

``persons`` makes both sides ready, ``comparing`` finds the level of agreement of each field, ``scoring`` weighs the levels against three
explanations other than "the same person" (a stranger, a relative, a twin), ``deciding`` applies the rules over a whole case, and
``explaining`` puts it in words.
"""
