"""Housing systems."""

from adapters.housing.connector import connect
