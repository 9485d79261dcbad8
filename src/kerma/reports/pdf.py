"""The PDF of a page."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from kerma.errors import MissingDependencyError
from kerma.reports.page import data_uri

__all__ = ["pdf_of"]

_REMEDY = (
    "A PDF needs WeasyPrint and the Pango library: install them with "
    "`pip install 'kerma[pdf]'` and, on Debian or Ubuntu, `apt install "
    "libpango-1.0-0 libpangoft2-1.0-0` (macOS: `brew install pango`), or print the "
    "HTML page from a browser"
)


def pdf_of(html: str) -> bytes:
    """Print a self-contained page as PDF.

    Nothing is loaded from outside the page. The letters are those that come with
    matplotlib, so a machine without any fonts prints the same.

    Raises
    ------
    MissingDependencyError
        WeasyPrint or a system library that it needs is not installed.
    """
    weasyprint, font_configuration, fetcher = _weasyprint()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the printer's own parts, not of ours
        fonts = font_configuration()
        sheet = weasyprint.CSS(
            string=_font_faces(), font_config=fonts, url_fetcher=fetcher
        )
        page = weasyprint.HTML(string=html, url_fetcher=fetcher)
        content: bytes = page.write_pdf(stylesheets=[sheet], font_config=fonts)
    return content


def _weasyprint() -> tuple[Any, Any, Any]:
    """The printer, its font settings, and a fetcher that opens no connection."""
    try:
        import weasyprint
        from weasyprint.text.fonts import FontConfiguration
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:  # OSError: a library such as Pango
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise MissingDependencyError(f"{_REMEDY} ({reason}).") from error
    return weasyprint, FontConfiguration, URLFetcher(allowed_protocols=("data",))


def _font_faces() -> str:
    """A style sheet that carries matplotlib's letters and chooses them."""
    from matplotlib import get_data_path

    folder = Path(get_data_path()) / "fonts" / "ttf"
    faces = [
        f"@font-face {{ font-family: 'Kerma Sans'; font-weight: {weight}; "
        f"src: url({data_uri((folder / name).read_bytes(), 'font/ttf')}); }}"
        for name, weight in (("DejaVuSans.ttf", 400), ("DejaVuSans-Bold.ttf", 700))
    ]
    return "\n".join(
        [*faces, "html { font-family: 'Kerma Sans', sans-serif !important; }"]
    )
