"""Results turned into files for people: HTML, PDF, CSV, figures."""

from kerma.reports.ct_calibration import ReportFiles, report_calibration
from kerma.reports.pdf import pdf_of
from kerma.reports.tables import calibration_csv

__all__ = ["ReportFiles", "calibration_csv", "pdf_of", "report_calibration"]
