"""What a Linux process can give up for good without privileges: files by Landlock, system calls by seccomp, resources.

Pure `ctypes`. The worker loads this module alone. Sources: kernel documentation, userspace-api/landlock and
userspace-api/seccomp_filter; landlock(7), seccomp(2).
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from qualoop.simulators.sql.system_calls import AUDIT_ARCH, NOBODY_NEEDS, QUERY_NEEDS, SECCOMP, numbers

_LIBC: Final = ctypes.CDLL(None, use_errno=True)

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_SECCOMP_SET_FILTER: Final = 1
# To all threads of the process: a library may have started some.
_SECCOMP_ALL_THREADS: Final = 1
_SIGKILL: Final = 9
_CAPABILITIES_3: Final = 0x20080522
_CLONE_THREAD: Final = 0x10000

_LANDLOCK_CREATE: Final = 444
_LANDLOCK_ADD: Final = 445
_LANDLOCK_RESTRICT: Final = 446
_LANDLOCK_VERSION: Final = 1
_RULE_PATH_BENEATH: Final = 1
_READ_FILE: Final = 1 << 2
# How many rights over files, TCP and scopes each version of Landlock's interface knows.
_FILE_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15}
_MOST_FILE_RIGHTS: Final = 16
_TCP_SINCE: Final = 4
_SCOPES_SINCE: Final = 6

_LOAD: Final = 0x20
_JUMP_EQUAL: Final = 0x15
_JUMP_AT_LEAST: Final = 0x35
_RETURN: Final = 0x06
_ALLOW: Final = 0x7FFF0000
_REFUSE: Final = 0x00050000 | errno.EPERM
_OFFSET_CALL: Final = 0
_OFFSET_ARCH: Final = 4
# Where the other numbering of x86-64 (x32) begins, which would step around a filter.
_X32: Final = 0x40000000


class ConfinementError(Exception):
    """The kernel refused a part of the confinement."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def give_up_privileges() -> None:
    """Drop all capabilities, rule out new ones, die with the parent, let no process of the same user look inside."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    # Where the server runs as root: CAP_PERFMON alone would open other processes' memory, past Landlock.
    if _LIBC.capset(struct.pack("=Ii", _CAPABILITIES_3, 0), bytes(24)):
        raise ConfinementError(f"capset: {os.strerror(ctypes.get_errno())}")
    _prctl(_PR_SET_DUMPABLE, 0)
    die_with_parent()


def die_with_parent() -> None:
    """Ask the kernel for SIGKILL when the parent's thread ends."""
    _prctl(_PR_SET_PDEATHSIG, _SIGKILL)


def has_one_thread(status: str = "/proc/self/status") -> bool:
    """Return whether this process has a single thread, so that what it holds is whole in a fork. Where unsure: no."""
    try:
        return b"\nThreads:\t1\n" in Path(status).read_bytes()
    except OSError:
        # Without /proc: parting from one's own threads fails exactly where there are others.
        return not _LIBC.unshare(ctypes.c_int(_CLONE_THREAD))


def landlock_version() -> int:
    """Return the version of Landlock's interface; 0 where there is none."""
    return max(0, int(_LIBC.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_LANDLOCK_VERSION))))


def allow_files(readable: Sequence[str]) -> None:
    """Give up all files but reading the named ones (with folders, what lies below), TCP, and signals to others outside.

    Raises ConfinementError.
    """
    version = landlock_version()
    if not version:
        raise ConfinementError("no Landlock")
    rights = (1 << _FILE_RIGHTS.get(version, _MOST_FILE_RIGHTS)) - 1
    attributes = struct.pack("=QQQ", rights, 3 if version >= _TCP_SINCE else 0, 3 if version >= _SCOPES_SINCE else 0)
    size = 24 if version >= _SCOPES_SINCE else 16 if version >= _TCP_SINCE else 8
    rules = _call(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(size), 0)
    try:
        for path in filter(os.path.exists, readable):
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                rule = struct.pack("=Qi", _READ_FILE, place)
                _call(_LANDLOCK_ADD, ctypes.c_int(rules), ctypes.c_int(_RULE_PATH_BENEATH), rule, ctypes.c_uint32(0))
            finally:
                os.close(place)
        _call(_LANDLOCK_RESTRICT, ctypes.c_int(rules), ctypes.c_uint32(0))
    finally:
        os.close(rules)


def refuse_needless_calls() -> None:
    """Give up what neither worker nor query needs: network, other programs, other processes, the kernel's machinery."""
    machine = _machine()
    body = [
        step
        for number in sorted(numbers(NOBODY_NEEDS, machine))
        for step in ((_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _REFUSE))
    ]
    _filter(machine, [*body, (_RETURN, 0, 0, _ALLOW)])


def allow_query_calls() -> None:
    """Give up every system call but those that a query needs whose file is open: no file, process or signal any more."""
    machine = _machine()
    body = [
        step
        for number in sorted(numbers(QUERY_NEEDS, machine))
        for step in ((_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW))
    ]
    _filter(machine, [*body, (_RETURN, 0, 0, _REFUSE)])


def limit_resources(*, memory: int, seconds: int) -> None:
    """Limit address space (bytes) and processor time; allow no file to grow, no core file, no further process."""
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(kind, (most, most))


def _machine() -> str:
    machine = platform.machine()
    if machine not in AUDIT_ARCH:
        raise ConfinementError(f"no list of system calls for {machine}")
    return machine


def _filter(machine: str, body: Sequence[tuple[int, int, int, int]]) -> None:
    head = [
        (_LOAD, 0, 0, _OFFSET_ARCH),
        (_JUMP_EQUAL, 1, 0, AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _OFFSET_CALL),
        (_JUMP_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _REFUSE),
    ]
    steps = b"".join(struct.pack("=HBBI", *step) for step in [*head, *body])
    program = _Program(len(steps) // 8, ctypes.c_char_p(steps))
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    all_threads = ctypes.c_uint(_SECCOMP_ALL_THREADS)
    # The number of a thread that could not be reached is a failure too.
    if _call(SECCOMP[machine], ctypes.c_uint(_SECCOMP_SET_FILTER), all_threads, ctypes.byref(program)):
        raise ConfinementError("seccomp does not reach all threads")


def _prctl(option: int, *values: object) -> None:
    padded = [ctypes.c_ulong(value) if isinstance(value, int) else value for value in (*values, 0, 0, 0, 0)[:4]]
    if _LIBC.prctl(ctypes.c_int(option), *padded):
        raise ConfinementError(f"prctl {option}: {os.strerror(ctypes.get_errno())}")


def _call(number: int, *values: object) -> int:
    result = int(_LIBC.syscall(ctypes.c_long(number), *values))
    if result < 0:
        raise ConfinementError(f"system call {number}: {os.strerror(ctypes.get_errno())}")
    return result
