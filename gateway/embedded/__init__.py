"""PostgreSQL and Redis from wheels, for ``./run`` and ``./test``: real servers, no installation, nothing left behind.

Imports nothing of ours. Production gives ``DATABASE_URL`` and ``REDIS_URL`` and never comes here.
"""
