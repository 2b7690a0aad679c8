"""Numbers of Linux system calls, for the two processors that the second rung of the ladder runs on.

Source: the kernel's asm/unistd_64.h (x86-64) and asm-generic/unistd.h (AArch64).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

AUDIT_ARCH: Final[Mapping[str, int]] = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
SECCOMP: Final[Mapping[str, int]] = {"x86_64": 317, "aarch64": 277}
_COLUMN: Final[Mapping[str, int]] = {"x86_64": 0, "aarch64": 1}

# What a query needs once its file is open: memory, reading that file, writing its answer, and the time of day. To sleep is
# no work: who sleeps looks like one whom an overloaded machine does not let run.
QUERY_NEEDS: Final[Mapping[str, tuple[int, int]]] = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "munmap": (11, 215),
    "mprotect": (10, 226),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "brk": (12, 214),
    "futex": (202, 98),
    "pread64": (17, 67),
    "readv": (19, 65),
    "writev": (20, 66),
    "clock_gettime": (228, 113),
    "gettimeofday": (96, 169),
    "getrandom": (318, 278),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "gettid": (186, 178),
    "getpid": (39, 172),
    "getrusage": (98, 165),
    "sysinfo": (99, 179),
    "uname": (63, 160),
    "membarrier": (324, 283),
    "rseq": (334, 293),
    "set_robust_list": (273, 99),
    "restart_syscall": (219, 128),
    "getcpu": (309, 168),
    "times": (100, 153),
}

# What neither the worker nor a query has a use for: the network, other programs, other processes' memory, namespaces,
# the kernel itself.
NOBODY_NEEDS: Final[Mapping[str, tuple[int, int]]] = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "userfaultfd": (323, 282),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "memfd_create": (319, 279),
    "kexec_load": (246, 104),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "fsopen": (430, 430),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "kcmp": (312, 272),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "chmod": (90, 53),
    "fchmodat": (268, 53),
    "chown": (92, 54),
    "fchownat": (260, 54),
}


def numbers(calls: Mapping[str, tuple[int, int]], machine: str) -> frozenset[int]:
    """Return the numbers of calls on a machine (`x86_64` or `aarch64`)."""
    return frozenset(pair[_COLUMN[machine]] for pair in calls.values())
