"""The limited child process: bytes of one file in, strict JSON of its cells out. Run by ``adapters.reading``, never imported.

It binds its own hands before it looks at a byte: memory, CPU time, open files, file sizes, no core dump, no further processes, and
an audit hook that ends it at once on any attempt to reach the network, start a program, or change a file.
"""

from __future__ import annotations

import os
import resource
import signal
import sys

MEMORY = 512 * 1024 * 1024
CPU_SECONDS = 10
OPEN_FILES = 32
LIFETIME_SECONDS = 30
"""An alarm of its own, should the parent be gone."""
_FORBIDDEN = ("socket.", "subprocess.", "ctypes.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.kill", "resource.", "pty.", "ftplib.", "urllib.", "http.", "smtplib.", "webbrowser.")  # fmt: skip
_CHANGES = frozenset({
    "os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.truncate", "os.unlink",
    "os.utime", "shutil.copyfile", "shutil.move", "shutil.rmtree", "tempfile.mkstemp", "tempfile.mkdtemp",
})  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
BROKE_OUT = 86


def limit_itself() -> None:
    """Limits of the operating system; lowered for good, so that no parser can raise them again."""
    for which, value in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(which, (value, value))
    signal.alarm(LIFETIME_SECONDS)


def forbid(event: str, arguments: tuple[object, ...]) -> None:
    """Ends the process on an event that reading a file never needs. Reading modules stays possible; opening to write does not."""
    writes = event == "open" and len(arguments) > 2 and isinstance(arguments[2], int) and arguments[2] & _WRITING
    if writes or event in _CHANGES or event.startswith(_FORBIDDEN):
        os._exit(BROKE_OUT)


def read(data: bytes, ending: str) -> bytes:
    """The reply for one file. A refusal is an answer; any other exception is not, and ends the process."""
    from gateway.domain.errors import InvalidInput
    from mappings.case_list.delimited import read_delimited
    from mappings.case_list.grid import Refusal, Reply, write_reply
    from mappings.case_list.workbook import read_workbook

    try:
        book = read_workbook(data) if ending == ".xlsx" else read_delimited(data)
    except InvalidInput as refused:
        return write_reply(Reply(refusal=Refusal(refused.code.value)))
    return write_reply(Reply(book=book))


def main() -> None:
    """Reads standard input, answers on standard output, and says nothing else."""
    limit_itself()
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    for unneeded in ("numpy", "lxml", "PIL", "pandas"):  # openpyxl takes them where it finds them
        sys.modules[unneeded] = None  # type: ignore[assignment]
    sys.addaudithook(forbid)
    try:
        reply = read(sys.stdin.buffer.read(), sys.argv[1])
    except BaseException:  # noqa: BLE001  its text could hold a cell of the file
        os._exit(1)
    sys.stdout.buffer.write(reply)
    sys.stdout.buffer.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
