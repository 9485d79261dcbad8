"""The examples in the documentation run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kerma.core.phantom import Phantom
from kerma.io import read_record, write_ct
from kerma.simulation.ct_phantom import simulate_ct
from kerma.workflows.ct_calibration.constancy import Tolerances
from kerma.workflows.ct_calibration.phantoms import choose_phantoms

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if blocks(page, "python")], ids=lambda p: p.stem
)
def test_the_python_examples_of_a_page_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (phantom,) = choose_phantoms("catphan504")
    write_ct(simulate_ct(phantom, seed=1).ct, tmp_path / "scan")
    monkeypatch.chdir(tmp_path)
    for code in blocks(page, "python"):
        exec(compile(code, str(page), "exec"), {})  # noqa: S102


def test_the_phantom_of_the_how_to_page_is_valid(tmp_path: Path) -> None:
    (text,) = blocks(ROOT / "docs/how-to/describe-a-phantom.md", "toml")
    file = tmp_path / "ours.toml"
    file.write_text(text, encoding="utf-8")
    assert len(read_record(file, Phantom).inserts) == 3


def test_the_tolerances_of_the_how_to_page_are_valid(tmp_path: Path) -> None:
    (text,) = blocks(ROOT / "docs/how-to/set-tolerances.md", "toml")
    file = tmp_path / "ours.toml"
    file.write_text(text, encoding="utf-8")
    assert read_record(file, Tolerances).of("water") == (4.0, 7.0)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing
