"""The coordinator's case system."""

from adapters.case_system.connector import connect
