"""REST API, version 1: the same use cases as the pages, for programs."""
