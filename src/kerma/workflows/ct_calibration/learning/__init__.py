"""Learning a phantom that nobody has described: from one scan to a template."""

from kerma.workflows.ct_calibration.learning.procedure import LearnedPhantom, learn
from kerma.workflows.ct_calibration.learning.template import template_text

__all__ = ["LearnedPhantom", "learn", "template_text"]
