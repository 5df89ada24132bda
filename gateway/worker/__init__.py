"""Celery's side: two tasks, a scheduler, and nothing that is not in PostgreSQL."""
