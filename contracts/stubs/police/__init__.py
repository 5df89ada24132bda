"""A police force's records service: nominals, need-to-know markers, work items (openapi.yaml of northmoor-police)."""
