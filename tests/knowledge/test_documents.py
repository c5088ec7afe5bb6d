"""Guides are read strictly, cut at headings, and a broken file is named without stopping the rest."""

from pathlib import Path

import pytest

from knowledge import documents
from knowledge.errors import BadDocument

GUIDE = """---
title: A guide
controls: [cis-1.12/5.2.2]
sources: [https://example.com/]
questions: [what is this?]
---
Before any heading.

## Why
Because.

```sh
## not a heading
```

### Detail
More.

## Why
Again.
"""


def test_a_guide_is_cut_at_its_headings_and_not_inside_code() -> None:
    passages = documents.passages(documents.parse_guide(GUIDE, "a"))
    assert [each.id for each in passages] == ["a#overview", "a#why", "a#detail", "a#why-2"]
    assert "## not a heading" in passages[1].text
    assert passages[2].heading == ("Why", "Detail")
    assert passages[0].controls == ("5.2.2",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no front matter", "does not begin with front matter"),
        (GUIDE.replace("title: A guide", "title: [A"), "not YAML"),
        (GUIDE.replace("title: A guide\n", ""), "title"),
        (GUIDE.replace("title: A guide", "title: A guide\nauthor: somebody"), "author"),
    ],
)
def test_a_file_of_another_form_is_refused(text: str, says: str) -> None:
    with pytest.raises(BadDocument, match=says):
        documents.parse_guide(text, "a")


def test_one_broken_file_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text(GUIDE)
    (tmp_path / "broken.md").write_text("nothing")
    (tmp_path / "binary.md").write_bytes(b"\xff\xfe\x00")
    guides, problems = documents.read_folder(tmp_path)
    assert [each.id for each in guides] == ["good"]
    assert len(problems) == 2
    assert "broken.md" in " ".join(problems)
    assert "binary.md" in " ".join(problems)


def test_outside_text_is_cleaned_before_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text(GUIDE.replace("Because.", "The password is hunter2."))
    guides, _ = documents.read_folder(tmp_path, lambda text: text.replace("hunter2", "(hidden)"))
    assert "hunter2" not in guides[0].body
    assert "(hidden)" in guides[0].body
