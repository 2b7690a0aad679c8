"""What `qualoop sim check` finds out of a project, as text, as JSON, and as one page for its author."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from itertools import groupby
from statistics import median
from time import process_time
from typing import Any, Final

from jinja2 import Environment

from qualoop.content_packages import Project
from qualoop.simulators import BaselineKind, WorldKey, shares
from qualoop.simulators.conformance import REDUCED, Effort, Finding, check_engine, play
from qualoop.simulators.form_survey import WORLDS, FormSurvey, survey
from qualoop.simulators.forms import choose_form
from qualoop.simulators.psychometrics import LEARNERS, Exploit, Psychometrics, Task, exploits, measure

RELIABILITY: Final = 0.8
EXPLOIT_MEDIAN: Final = 0.1
EXPLOIT_HIGHEST: Final = 0.2
QUICK_LEARNERS: Final = 60
QUICK_FORMS: Final = 8
QUICK_SEEDS: Final = 6
QUICK_WORLDS: Final = 40
NO_FORM: Final = 1e-9
"""The chance that an attempt finds no form must be below: nobody ever meets it."""
REPEATS: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything about a project that an author must know; ``psychometrics`` and ``forms`` are None for a judged one."""

    key: str
    computed: bool
    findings: tuple[Finding, ...]
    psychometrics: Psychometrics | None
    exploits: tuple[Exploit, ...]
    mean_band: tuple[float, float] | None = None
    forms: FormSurvey | None = None

    @property
    def ok(self) -> bool:
        """Say whether the project may be used for grades."""
        return not self.faults

    @property
    def faults(self) -> list[str]:
        """Return what stands against it, in words."""
        faults = [
            f"{finding.check}: {finding.detail} {_numbers(finding)}" for finding in self.findings if not finding.ok
        ]
        if self.psychometrics and self.psychometrics.reliability < RELIABILITY:
            faults.append(f"reliability is {self.psychometrics.reliability:.2f}, and must be {RELIABILITY}")
        if self.psychometrics and self.mean_band and not _lies(self.psychometrics.mean, self.mean_band):
            faults.append(f"the mean score is {self.psychometrics.mean:.2f}, not in {self.mean_band}")
        if self.forms and self.forms.none_chance >= NO_FORM:
            faults.append(
                f"{self.forms.fit} of {self.forms.worlds} worlds lie in the band, so that an attempt may find no form by a "
                f"chance of {self.forms.none_chance:.1g}; it must be below {NO_FORM:g}: widen the band, or try more worlds"
            )
        faults += [
            f"the bot `{bot.bot}` reaches {bot.median:.2f} (median), {bot.highest:.2f} (highest)"
            + (f" in the part `{bot.part}`" if bot.part else "")
            for bot in self.exploits
            if bot.median > EXPLOIT_MEDIAN or bot.highest > EXPLOIT_HIGHEST
        ]
        return faults


def task_of(project: Project) -> Task:
    """Return what is measured of a project."""
    return Task(
        engine=project.engine,
        spec=project.spec,
        band=project.form_band,
        attempts=project.attempts.graded,
        keep=project.attempts.keep,
        tried=project.score.forms_tried,
    )


def examine(project: Project, *, quick: bool, say: Callable[[str], None]) -> Report:
    """Return the report; ``quick`` looks at less, for a first impression and for tests."""
    task, computed = task_of(project), project.score.kind == "reference_gap"
    say(f"{project.key}: conformance")
    findings = tuple(check_engine(task, REDUCED if quick else Effort()))
    if not computed:
        return Report(key=project.key, computed=False, findings=findings, psychometrics=None, exploits=())
    say(f"{project.key}: forms")
    forms = survey(task, worlds=QUICK_WORLDS if quick else WORLDS)
    say(f"{project.key}: synthetic learners")
    psychometrics = measure(task, learners=QUICK_LEARNERS if quick else LEARNERS, forms=QUICK_FORMS if quick else None)
    say(f"{project.key}: bots")
    bots = exploits(task, seeds=QUICK_SEEDS) if quick else exploits(task)
    band = project.form_band.synthetic_mean
    return Report(
        key=project.key,
        computed=True,
        findings=findings,
        psychometrics=psychometrics,
        exploits=tuple(bots),
        mean_band=(float(band[0]), float(band[1])) if band else None,
        forms=forms,
    )


def _lies(value: float, band: tuple[float, float]) -> bool:
    return band[0] <= value <= band[1]


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as plain JSON."""
    return asdict(report) | {"ok": report.ok, "faults": report.faults}


def as_text(report: Report) -> str:
    """Return the report for a terminal."""
    lines = [
        f"{finding.verdict:5}{finding.check:14}{finding.detail} {_numbers(finding)}" for finding in report.findings
    ]
    if report.forms:
        lines += _form_lines(report.forms)
    if report.psychometrics:
        found = report.psychometrics
        lines.append(
            f"     {found.learners} synthetic learners: mean {found.mean:.2f}, reliability {found.reliability:.2f} "
            f"(one attempt {found.single:.2f}), correlation with skill {found.skill:.2f}"
        )
        lines += [
            f"     part {part:14} mean {quality.mean:.2f}  discrimination {quality.discrimination:.2f}"
            for part, quality in found.parts.items()
        ]
    lines += [
        f"     bot {bot:12} median, highest:  "
        + "  ".join(f"{each.part or 'in whole'} {each.median:.2f}, {each.highest:.2f}" for each in rows)
        for bot, rows in groupby(report.exploits, key=lambda each: each.bot)
    ]
    lines += [f"{len(report.faults)} to mend"]
    return "\n".join(lines)


def _form_lines(forms: FormSurvey) -> list[str]:
    lines = [
        f"     {forms.fit} of {forms.worlds} worlds lie in the band; an attempt finds none by {forms.none_chance:.1g}"
    ]
    lines += [f"     form {name:22} {each.low:.4g} to {each.high:.4g}" for name, each in forms.figures.items()]
    return lines + [f"     left out {count}: {fault}" for fault, count in forms.faults.items()]


def _numbers(finding: Finding) -> str:
    return " ".join(f"{name}={value:.4g}" for name, value in finding.figures.items())


def as_html(project: Project, report: Report) -> str:
    """Return the report as a page for the author, one file, no script."""
    source = files("qualoop.commands").joinpath("sim_report.html").read_text(encoding="utf-8")
    template = Environment(autoescape=True).from_string(source)
    return template.render(
        project=project,
        report=report,
        curve=_curve(report.psychometrics) if report.psychometrics else "",
        limits={
            "reliability": RELIABILITY,
            "median": EXPLOIT_MEDIAN,
            "highest": EXPLOIT_HIGHEST,
            "no_form": NO_FORM,
        },
    )


def _curve(found: Psychometrics) -> str:
    """Return the points of score over skill in a box of 400 x 200: skill from -3 to 3, score from 0 to 1."""
    return " ".join(
        f"{(min(max(skill, -3.0), 3.0) + 3.0) / 6.0 * 400.0:.1f},{(1.0 - score) * 200.0:.1f}"
        for skill, score in found.curve
    )


def timings(project: Project) -> Mapping[str, float]:
    """Return how many milliseconds of CPU each step of a project takes: medians of some runs after a first one."""
    engine, spec = project.engine, project.spec
    key, tried = WorldKey.of_seed(1, "timings"), project.score.forms_tried
    form = choose_form(engine, spec, key, project.form_band, tried=tried)
    world, run = form.world, form.key.derive("run")
    reference = engine.reference(world)
    poor = engine.baseline(world, BaselineKind.POOR) or reference
    state, _ = play(engine, world, reference, run)
    steps: dict[str, Callable[[], object]] = {
        "world": lambda: engine.world(spec, form.key),
        "run": lambda: play(engine, world, reference, run),
        "view": lambda: engine.view(world, state, run),
        "value": lambda: engine.value(world, reference),
        "oracle": lambda: engine.oracle(world),
        "reference": lambda: engine.reference(world),
        "shapley": lambda: shares(engine, world, poor, reference),
    }
    return {name: _milliseconds(step) for name, step in steps.items()}


def _milliseconds(step: Callable[[], object]) -> float:
    step()
    times = []
    for _ in range(REPEATS):
        start = process_time()
        step()
        times.append(process_time() - start)
    return median(times) * 1000
