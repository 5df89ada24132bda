"""The command line ``marac-gateway``: one module per group of commands."""
