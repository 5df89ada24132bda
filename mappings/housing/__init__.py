"""The housing interface (persons, tenures, tasks), as its OpenAPI file has it. Its cautionary alerts are never written: they stand on
the home, joint tenants see them, and a letter is sent about each."""
