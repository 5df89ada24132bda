"""One module per page; each only joins a use case to a template."""
