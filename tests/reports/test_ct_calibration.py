from __future__ import annotations

import csv
import dataclasses
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path

import pytest

from kerma.core.phantom import Phantom
from kerma.core.volume import CT
from kerma.errors import InputError, MissingDependencyError
from kerma.reports import ct_calibration, report_calibration
from kerma.reports.ct_calibration import calibration_html
from kerma.workflows.ct_calibration.curves.overview import overview_of
from kerma.workflows.ct_calibration.figures.style import words
from kerma.workflows.ct_calibration.result import Calibration

FAKE_PDF = b"%PDF-1.7 fake"


@pytest.fixture
def quick_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the tests that are about something else the printing."""
    monkeypatch.setattr(ct_calibration, "pdf_of", lambda _: FAKE_PDF)


@pytest.fixture(scope="module")
def page(checked: Calibration, ct: CT) -> str:
    return calibration_html(checked, ct)


class Links(HTMLParser):
    """Collects every address that a page would load or link to, and image texts."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.alternatives: list[str | None] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        known = dict(attrs)
        for name in ("src", "href", "srcset", "data", "action", "poster"):
            if known.get(name) is not None:
                self.addresses.append(str(known[name]))
        if tag == "img":
            self.alternatives.append(known.get("alt"))


def parse(page: str) -> Links:
    links = Links()
    links.feed(page)
    return links


def test_the_page_loads_nothing_from_outside(page: str) -> None:
    links = parse(page)
    assert links.addresses
    assert all(address.startswith("data:image/") for address in links.addresses)
    assert not re.search(r"url\(|@import|https?://", page)
    assert not links.tags & {"script", "link", "iframe"}


def test_every_figure_has_a_text_in_its_place(page: str) -> None:
    alternatives = parse(page).alternatives
    assert len(alternatives) == 4  # regions, curve, constancy, slices
    assert all(alternatives)


def test_the_page_is_small_enough_to_mail(page: str) -> None:
    assert len(page) < 1_500_000


def test_the_page_names_every_insert_and_its_reading(
    page: str, checked: Calibration
) -> None:
    for reading in checked.readings:
        assert f'<th scope="row">{words(reading.name)}</th>' in page
    assert "−990.9" in page


def test_the_verdict_stands_on_top_as_a_word_with_its_reason(page: str) -> None:
    top = page.index('<p class="word">FAIL</p>')
    assert top < page.index("Delrin (+62.5 HU).") < page.index("Measured regions")


@pytest.mark.parametrize(
    ("name", "word"),
    [("calibration", "PASS"), ("checked", "FAIL"), ("swapped", "INCONCLUSIVE")],
)
def test_each_verdict_has_its_word(
    name: str, word: str, ct: CT, request: pytest.FixtureRequest
) -> None:
    page = calibration_html(request.getfixturevalue(name), ct)
    assert f'<p class="word">{word}</p>' in page


def test_a_doubtful_insert_is_marked_and_explained(
    swapped: Calibration, ct: CT
) -> None:
    page = calibration_html(swapped, ct)
    assert page.count('class="doubtful"') == 2
    assert "are two rods exchanged?" in page


def test_an_insert_out_of_view_is_a_row_of_its_own(
    calibration: Calibration, ct: CT
) -> None:
    page = calibration_html(dataclasses.replace(calibration, unseen=("water",)), ct)
    assert "not wholly in view" in page
    assert '<th scope="row">Water</th>' in page


def test_markup_in_the_scanners_words_is_shown_not_run(
    calibration: Calibration, ct: CT
) -> None:
    attack = "<script>alert(1)</script>"
    made = dataclasses.replace(
        calibration.acquisition, station=attack, protocol='"><img src=x>', kernel=attack
    )
    page = calibration_html(dataclasses.replace(calibration, acquisition=made), ct)
    assert attack not in page
    assert "&lt;script&gt;" in page
    assert "script" not in parse(page).tags
    assert "x" not in parse(page).addresses


def test_a_silent_scanner_and_one_slice_still_make_a_page(
    calibration: Calibration, ct: CT
) -> None:
    one = dataclasses.replace(
        calibration,
        acquisition=type(calibration.acquisition)(),
        provenance=None,
        edge_spread_mm=None,
        notes=(),
        pose=dataclasses.replace(
            calibration.pose,
            slice_indices=(34,),
            slice_positions_mm=(0.0,),
            tilt_deg=None,
            yaw_deg=None,
        ),
    )
    page = calibration_html(one, ct)
    assert "not stated" in page
    assert "None" not in page
    assert "Slice by slice" not in page


def test_the_same_result_makes_the_same_page(calibration: Calibration, ct: CT) -> None:
    assert calibration_html(calibration, ct) == calibration_html(calibration, ct)


@pytest.mark.usefixtures("quick_pdf")
def test_a_report_has_all_files_under_the_names_of_the_phantom(
    calibration: Calibration, ct: CT, tmp_path: Path
) -> None:
    files = report_calibration(calibration, ct, tmp_path / "new" / "folder")
    written = sorted(file.name for file in (tmp_path / "new" / "folder").iterdir())
    assert written == [
        "hu_red_catphan504.csv",
        "hu_red_catphan504.html",
        "hu_red_catphan504.json",
        "hu_red_catphan504.pdf",
        "hu_red_catphan504_curve.png",
        "hu_red_catphan504_regions.png",
    ]
    assert Calibration.from_json(files.json.read_bytes()) == calibration
    assert files.curve_png.read_bytes().startswith(b"\x89PNG")
    assert files.pdf is not None
    assert files.pdf.read_bytes() == FAKE_PDF


@pytest.mark.usefixtures("quick_pdf")
def test_a_report_with_the_phantom_has_its_conversion_curves(
    calibration: Calibration, ct: CT, tmp_path: Path, models: Mapping[str, Phantom]
) -> None:
    """Three quantities; a report without them takes the earlier table away."""
    catphan = models["catphan504"]
    files = report_calibration(calibration, ct, tmp_path, phantom=catphan)
    assert files.conversion_csv is not None
    with files.conversion_csv.open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    assert {row["quantity"] for row in rows} == {"red", "density", "spr"}
    page = files.html.read_text(encoding="utf-8")
    assert "RED (piecewise), mass density (consensus), SPR (consensus)." in page
    # Measured, expected, and the density of the phantom's file.
    assert '<th scope="row">Delrin</th><td class="text">other</td>' in page
    assert '<td class="main">339.2</td>\n<td>341.7</td><td>−2.5</td>' in page
    assert f"<td>{catphan.materials['delrin'].density_g_cm3:.3f}</td>" in page
    again = report_calibration(calibration, ct, tmp_path, overwrite=True)
    assert again.conversion_csv is None
    assert not files.conversion_csv.exists()


def test_a_phantom_of_unknown_materials_says_what_is_missing(
    calibration: Calibration, ct: CT, models: Mapping[str, Phantom]
) -> None:
    materials = {
        key: dataclasses.replace(one, density_g_cm3=None, composition={})
        for key, one in models["catphan504"].materials.items()
    }
    bare = dataclasses.replace(models["catphan504"], materials=materials)
    page = calibration_html(calibration, ct, overview_of(calibration, bare))
    assert "No curve of mass density." in page
    assert "No curve of SPR." in page
    assert "RED (piecewise)." in page
    other = models["easycube"]
    page = calibration_html(calibration, ct, overview_of(calibration, other))
    assert "give the phantom file that it was made with" in page


def test_the_report_prints_on_a_few_pages(
    swapped: Calibration, ct: CT, tmp_path: Path, pages_of: Callable[[bytes], int]
) -> None:
    pytest.importorskip("weasyprint", exc_type=ImportError)
    files = report_calibration(swapped, ct, tmp_path)
    assert files.pdf is not None
    content = files.pdf.read_bytes()
    assert content.startswith(b"%PDF-")
    assert 3 <= pages_of(content) <= 4


def test_without_a_printer_the_rest_is_written_and_the_remedy_said(
    monkeypatch: pytest.MonkeyPatch, calibration: Calibration, ct: CT, tmp_path: Path
) -> None:
    def cannot(_: str) -> bytes:
        raise MissingDependencyError("Install WeasyPrint.")

    monkeypatch.setattr(ct_calibration, "pdf_of", cannot)
    (tmp_path / "hu_red_catphan504.pdf").write_bytes(b"of last month")
    files = report_calibration(calibration, ct, tmp_path, overwrite=True)
    assert files.pdf is None
    assert files.pdf_problem == "Install WeasyPrint."
    assert files.html.exists()
    assert not (tmp_path / "hu_red_catphan504.pdf").exists()


@pytest.mark.usefixtures("quick_pdf")
@pytest.mark.parametrize("ending", [".csv", ".json", ".html", ".pdf", "_curve.png"])
def test_an_earlier_report_is_not_replaced_unasked(
    ending: str, calibration: Calibration, ct: CT, tmp_path: Path
) -> None:
    earlier = tmp_path / f"hu_red_catphan504{ending}"
    earlier.write_text("of last month")
    with pytest.raises(InputError, match=rf"{re.escape(earlier.name)}.*overwrite"):
        report_calibration(calibration, ct, tmp_path)
    assert earlier.read_text() == "of last month"
    assert list(tmp_path.iterdir()) == [earlier]


@pytest.mark.usefixtures("quick_pdf")
def test_an_earlier_report_is_replaced_when_asked(
    calibration: Calibration, checked: Calibration, ct: CT, tmp_path: Path
) -> None:
    report_calibration(calibration, ct, tmp_path)
    files = report_calibration(checked, ct, tmp_path, overwrite=True)
    assert "FAIL" in files.html.read_text(encoding="utf-8")


@pytest.mark.usefixtures("quick_pdf")
def test_a_failure_while_writing_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, calibration: Calibration, ct: CT, tmp_path: Path
) -> None:
    from kerma.io.files import write_file

    def full_disk(file: Path, content: str | bytes) -> Path:
        if file.suffix == ".html":
            raise InputError(f"{file}: cannot be written (No space left on device).")
        return write_file(file, content)

    monkeypatch.setattr(ct_calibration, "write_file", full_disk)
    with pytest.raises(InputError, match="No space left"):
        report_calibration(calibration, ct, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("quick_pdf")
def test_a_file_in_place_of_the_folder_is_refused(
    calibration: Calibration, ct: CT, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(InputError, match="taken"):
        report_calibration(calibration, ct, tmp_path / "taken")


@pytest.mark.usefixtures("quick_pdf")
def test_the_name_of_a_phantom_cannot_lead_out_of_the_folder(
    calibration: Calibration, ct: CT, tmp_path: Path
) -> None:
    found = dataclasses.replace(calibration.recognition, phantom="../../etc/x y")
    moved = dataclasses.replace(calibration, recognition=found)
    files = report_calibration(moved, ct, tmp_path / "out")
    assert files.csv == tmp_path / "out" / "hu_red__etc_x_y.csv"


def test_importing_the_reports_loads_neither_matplotlib_nor_weasyprint() -> None:
    code = (
        "import sys, kerma.reports, kerma.workflows.ct_calibration.figures;"
        "print([n for n in ('matplotlib', 'weasyprint') if n in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "[]"
