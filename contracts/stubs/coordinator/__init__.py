"""The coordinator's case system: receives what agencies completed (openapi.yaml of northmoor-marac)."""
