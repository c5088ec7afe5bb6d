"""Amounts of processor and memory, written and read as Kubernetes does.

Written in the server's canonical form, so that what is read back equals what was sent. Pure; used by
the actions that set resources.
"""

import re
from decimal import Decimal

_SUFFIXES = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    **{suffix: Decimal(1000) ** (i + 1) for i, suffix in enumerate("kMGTPE")},
    **{f"{suffix}i": Decimal(1024) ** (i + 1) for i, suffix in enumerate("KMGTPE")},
}
_QUANTITY = re.compile(r"([+-]?[0-9]*\.?[0-9]+)(?:[eE]([+-]?\d{1,3})|([numkMGTPE]i?|Ki|))")
_BINARY = ("Mi", "Gi", "Ti")


def cpu(millicores: int) -> str:
    """Write thousandths of a processor: 250 as `250m`, 2000 as `2`."""
    return f"{millicores}m" if millicores % 1000 else str(millicores // 1000)


def memory(mebibytes: int) -> str:
    """Write mebibytes: 128 as `128Mi`, 2048 as `2Gi`."""
    suffix = 0
    while mebibytes and mebibytes % 1024 == 0 and suffix < len(_BINARY) - 1:
        mebibytes //= 1024
        suffix += 1
    return f"{mebibytes}{_BINARY[suffix]}"


def amount(quantity: object) -> Decimal | None:
    """Read a quantity as a plain number; None where it is none."""
    match = _QUANTITY.fullmatch(str(quantity))
    if not match:
        return None
    number, exponent, suffix = match.groups()
    scale = Decimal(10) ** int(exponent) if exponent else _SUFFIXES.get(suffix or "")
    return None if scale is None else Decimal(number) * scale
