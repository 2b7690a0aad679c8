"""Early-warning policies and multi-form rules as data: bounds, thresholds of a course, broken files."""

from __future__ import annotations

from pathlib import Path

import pytest

from qualoop.authored_files import AuthoredFilesError
from qualoop.policies.multi_form import MultiFormRuleNotFoundError, load_multi_form_rule, multi_form_rule
from qualoop.policies.warning_policy import (
    ThresholdsRefusedError,
    WarningPolicyNotFoundError,
    load_warning_policy,
    warning_policy,
)


def test_a_course_can_set_every_number_and_switch() -> None:
    policy = warning_policy()
    names = set(policy.thresholds())
    assert {"due_days", "quiet_days", "absent.missed", "idle.is_on", "no_gain.below"} <= names
    changed = policy.adjusted({"idle.days": 30, "idle.is_on": 0})
    assert (changed.idle.days, changed.idle.is_on) == (30, False)
    assert changed.thresholds() == policy.thresholds() | {"idle.days": 30, "idle.is_on": 0}
    assert changed.adjusted(policy.thresholds()) == policy


def test_names_of_another_policy_are_left_out() -> None:
    assert warning_policy().adjusted({"tarot.cards": 78}) == warning_policy()


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"idle.days": 0}, {"idle.days"}),
        ({"idle.days": 91, "falling.drop": 101}, {"idle.days", "falling.drop"}),
        ({"absent.missed": 5, "absent.of": 4}, set()),
    ],
)
def test_thresholds_outside_their_bounds_are_named(changes: dict[str, int], names: set[str]) -> None:
    with pytest.raises(ThresholdsRefusedError) as refused:
        warning_policy().adjusted(changes)
    assert refused.value.names == names


@pytest.mark.parametrize("wrong", ["nope", "../e1", "E1"])
def test_there_is_no_other_policy(wrong: str) -> None:
    with pytest.raises(WarningPolicyNotFoundError):
        load_warning_policy(wrong)
    with pytest.raises(MultiFormRuleNotFoundError):
        load_multi_form_rule(wrong)


def test_a_policy_with_an_unknown_rule_is_refused(tmp_path: Path) -> None:
    shipped = Path(load_warning_policy.__code__.co_filename).parent / "warning_policies" / "e1.yaml"
    text = shipped.read_text(encoding="utf-8") + "\nfate: {is_on: true}\n"
    (tmp_path / "e1.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(AuthoredFilesError):
        load_warning_policy("e1", tmp_path)


def test_a_rule_that_nobody_could_meet_is_refused(tmp_path: Path) -> None:
    shipped = Path(load_multi_form_rule.__code__.co_filename).parent / "multi_form_rules" / "m1.yaml"
    text = shipped.read_text(encoding="utf-8").replace("least_forms: 2", "least_forms: 6")
    (tmp_path / "m1.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(AuthoredFilesError):
        load_multi_form_rule("m1", tmp_path)
    assert multi_form_rule().least_forms == 2
