"""Police records systems."""

from adapters.police.connector import connect
