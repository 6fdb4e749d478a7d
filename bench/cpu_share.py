"""Limit a process to a share of a processor, as Lambda does by memory: 1769 MB are one vCPU.

Uses the kernel's scheduler (CFS bandwidth of a control group, version 1 or 2), as Lambda does: in
every period, a process runs for its share and is then paused.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

MEGABYTES_PER_VCPU: Final = 1769
"""AWS Lambda's documentation, "Configure Lambda function memory"."""

_PERIOD_US: Final = 20_000
_ROOTS: Final = {
    Path("/sys/fs/cgroup/cpu"): "cpu.cfs_quota_us",
    Path("/sys/fs/cgroup"): "cpu.max",
}


@contextmanager
def cpu_share(megabytes: int) -> Iterator[Path | None]:
    """Return a file; writing a process id to it limits the process to the share of `megabytes`.

    Returns ``None`` if no group can be created, which needs root and writable control groups.
    """
    quota_us = _PERIOD_US * megabytes // MEGABYTES_PER_VCPU
    for root, limit in _ROOTS.items():
        group = root / "claims-provider-bench"
        try:
            group.mkdir(exist_ok=True)
            if limit == "cpu.max":
                (group / limit).write_text(f"{quota_us} {_PERIOD_US}")
            else:
                (group / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
                (group / limit).write_text(str(quota_us))
        except OSError:
            continue
        try:
            yield group / "cgroup.procs"
        finally:
            group.rmdir()
        return
    yield None
