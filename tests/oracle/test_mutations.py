"""One fault in a clean folder, after what people do to manifests: its control never passes.

OAKUM_MUTATIONS says how many folders (`make soak`: 3,000), OAKUM_MUTATION_SEED which.
"""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
import yaml

from tests.oracle.faults import Fault, clean, faults
from tests.oracle.mutated_folder import write
from tests.oracle.mutations import mutated
from tools.cluster.manifests.reader import open_folder
from tools.scan import scan
from tools.types import ALL, ClusterConfig, ClusterSource, Verdict

FOLDERS = int(os.environ.get("OAKUM_MUTATIONS", "200"))
SEED = int(os.environ.get("OAKUM_MUTATION_SEED", "9"))
HELD = (Verdict.FAIL, Verdict.UNKNOWN)


def verdict(root: Path, control: str, namespaces: tuple[str, ...] = ()) -> Verdict:
    """Scan a folder for one control."""

    async def run() -> Verdict:
        config = ClusterConfig("mutated", ClusterSource.FOLDER, folder=str(root))
        reader = await open_folder(config)
        found = await scan(
            reader,
            namespaces=namespaces or ALL,
            controls=(control,),
            now=lambda: datetime(2026, 1, 1, tzinfo=UTC),
        )
        return found.controls[0].verdict

    return asyncio.run(run())


def test_without_the_fault_each_control_holds(tmp_path: Path) -> None:
    (tmp_path / "clean.yaml").write_text(yaml.safe_dump_all(clean()))
    for control in {fault.control for fault in faults()}:
        assert verdict(tmp_path, control) in (Verdict.PASS, Verdict.NOT_APPLICABLE), control


@pytest.mark.parametrize("fault", faults(), ids=lambda f: f"{f.control} {f.object['kind']}")
def test_the_fault_alone_fails_its_control(fault: Fault, tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(yaml.safe_dump_all([*clean(), *fault.around, fault.object]))
    assert verdict(tmp_path, fault.control) is Verdict.FAIL


def test_no_mutation_makes_the_control_of_a_fault_pass(tmp_path: Path) -> None:
    every, rng = faults(), Random(SEED)
    wrong: list[str] = []
    for number in range(FOLDERS):
        fault = every[number % len(every)]
        folder = mutated(fault, rng)
        root = tmp_path / str(number)
        write(folder, root)
        found = verdict(root, fault.control, folder.namespaces)
        if found not in HELD:
            told = ", ".join(folder.told)
            wrong.append(f"{number}: {fault.control} {fault.object['kind']} is {found}: {told}")
    assert not wrong, "\n".join(wrong)
