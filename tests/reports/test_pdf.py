from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any

import pytest

from kerma.errors import MissingDependencyError
from kerma.reports.pdf import pdf_of

PAGE = "<!DOCTYPE html><html lang='en'><title>A page</title><p>−990.2 HU</p></html>"


def has_weasyprint() -> bool:
    try:
        import weasyprint  # noqa: F401  (whether it loads is the question)
    except (ImportError, OSError):
        return False
    return True


needs_weasyprint = pytest.mark.skipif(
    not has_weasyprint(), reason="WeasyPrint or Pango is not installed"
)


@needs_weasyprint
def test_a_page_becomes_a_pdf(pages_of: Callable[[bytes], int]) -> None:
    content = pdf_of(PAGE)
    assert content.startswith(b"%PDF-")
    assert pages_of(content) == 1


@needs_weasyprint
def test_a_break_makes_a_second_page(pages_of: Callable[[bytes], int]) -> None:
    broken = PAGE.replace("<p>", "<p style='break-after: page'>one</p><p>")
    assert pages_of(pdf_of(broken)) == 2


@needs_weasyprint
def test_nothing_outside_the_page_is_opened(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> Any:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr("socket.socket.connect", refuse)
    page = PAGE.replace(
        "<p>", "<img src='http://127.0.0.1:9/a.png'><img src='file:///etc/hostname'><p>"
    )
    with caplog.at_level(logging.ERROR, logger="weasyprint"):
        assert pdf_of(page).startswith(b"%PDF-")
    assert caplog.text.count("disallowed protocol") == 2


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(None, id="not installed"),
        pytest.param(object(), id="too old"),
    ],
)
def test_without_weasyprint_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, broken: object
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", broken)
    monkeypatch.setitem(sys.modules, "weasyprint.text.fonts", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'kerma\[pdf\]'"):
        pdf_of(PAGE)


def test_a_missing_system_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Finder:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "weasyprint":
                raise OSError("cannot load library 'libpango-1.0-0'\nsecond line")

    for name in [n for n in sys.modules if n.split(".")[0] == "weasyprint"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    with pytest.raises(MissingDependencyError, match=r"libpango-1\.0-0'\)\.$"):
        pdf_of(PAGE)
