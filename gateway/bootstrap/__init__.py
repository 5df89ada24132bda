"""The composition root: reads the configuration once and joins the rooms to each other. Nothing else may do either."""

from gateway.bootstrap.root import Gateway, load_gateway, make_demonstration_key, migrate
from gateway.config import Environment, Misconfigured, Settings, read_settings, settings_from

__all__ = [
    "Environment", "Gateway", "Misconfigured", "Settings", "load_gateway", "make_demonstration_key", "migrate", "read_settings", "settings_from",
]  # fmt: skip
