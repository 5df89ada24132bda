"""The police records interface (POLE-like nominals, need-to-know markers, work items), as its OpenAPI file has it."""
