"""The coordinator's case system, as its OpenAPI file has it: it is told, once, how each action ended."""
