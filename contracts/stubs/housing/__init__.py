"""A housing association's service: persons, tenures, cautionary alerts, tasks (openapi.yaml of northmoor-homes)."""
