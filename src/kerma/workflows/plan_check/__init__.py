"""Check that plan, CT, structures and dose of a patient fit together."""

from kerma.workflows.plan_check.limits import Limits
from kerma.workflows.plan_check.procedure import PlanSetData, check_plan_set
from kerma.workflows.plan_check.result import Finding, PlanCheck, PlanContent, Severity

__all__ = [
    "Finding",
    "Limits",
    "PlanCheck",
    "PlanContent",
    "PlanSetData",
    "Severity",
    "check_plan_set",
]
