"""The shipped benchmarks are complete, and a wrong name is answered with the nearest one."""

import pytest

from knowledge import catalogue
from knowledge.errors import BadDocument, UnknownBenchmark, UnknownControl

MINIMAL = """
name: tiny
title: Tiny
sections: {"1": One}
controls:
  - id: "1.1"
    title: A control
    section: "1"
    assessment: manual
    layer: node
    evidence_source: manual
    setting: none
    expected: none
    sources: [https://example.com/]
    unchecked: Needs a person.
"""


def test_cis_holds_all_131_controls_and_section_5_is_checked() -> None:
    controls = catalogue.controls("cis-1.12")
    assert len(controls) == len({each.id for each in controls}) == 131
    section_5 = [each for each in controls if each.id.startswith("5.")]
    assert len(section_5) == 34
    assert all(each.checks for each in section_5)


@pytest.mark.parametrize("benchmark", catalogue.benchmark_names())
def test_each_control_is_checked_or_says_why_not(benchmark: str) -> None:
    for control in catalogue.controls(benchmark):
        assert bool(control.checks) != bool(control.unchecked), control.id
        assert control.sources, control.id
        assert all(source.startswith("https://") for source in control.sources)


def test_restricted_leaves_out_what_a_stricter_check_replaces() -> None:
    ids = {each.id for each in catalogue.controls("pss-restricted")}
    assert not {"seccomp", "capabilities", "host-path-volumes"} & ids
    assert {"seccomp-restricted", "capabilities-restricted", "volume-types", "host-ports"} <= ids


def test_a_wrong_benchmark_or_control_names_the_nearest() -> None:
    with pytest.raises(UnknownBenchmark) as unknown:
        catalogue.controls("cis-1.11")
    assert "cis-1.12" in unknown.value.hint
    with pytest.raises(UnknownControl) as missing:
        catalogue.control("cis-1.12", "5.2.22")
    assert "5.2.2" in missing.value.hint
    assert catalogue.control("pss-baseline", "Host-Ports").id == "host-ports"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("name: tiny", "name: other", "calls itself other"),
        ("unchecked: Needs a person.", "level: 1", "either checks or the reason"),
        ('section: "1"', 'section: "9"', "section 9"),
        ("layer: node", "layer: node\n    colour: red", "colour"),
        ("assessment: manual", "assessment: maybe", "maybe"),
    ],
)
def test_a_file_of_another_form_is_refused(old: str, new: str, says: str) -> None:
    assert catalogue.parse(MINIMAL, "tiny").controls[0].id == "1.1"
    with pytest.raises(BadDocument, match=says):
        catalogue.parse(MINIMAL.replace(old, new), "tiny")
