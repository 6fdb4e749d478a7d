"""One structured line and one set of metrics per callout."""

import io
import json
import sys

import pytest
from claims_provider.record import CalloutRecord
from claims_provider.telemetry import Telemetry, describe_bug


def _record() -> CalloutRecord:
    record = CalloutRecord()
    record.note(outcome="answered")
    record.count("Answered")
    record.milliseconds["AnswerTime"] = 1.26
    record.note(answer_ms=1.3)
    return record


def test_a_callout_is_one_line_and_one_set_of_metrics(capsys: pytest.CaptureFixture[str]) -> None:
    """A callout writes exactly one log line and one line of metrics, both JSON."""
    Telemetry("local").write(_record())
    log, metrics = map(json.loads, capsys.readouterr().out.splitlines())
    assert ("callout", "answered", 1.3, True) == (
        log["message"],
        log["outcome"],
        log["answer_ms"],
        log["cold_start"],
    )
    assert ([1.0], [1.26]) == (metrics["Answered"], metrics["AnswerTime"])


def test_deployments_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """Metrics of two deployments in one account are two: an alarm looks at its own."""
    telemetry = Telemetry("local")
    for _ in range(2):  # the library drops most of its state after each flush
        telemetry.write(_record())
        metrics = json.loads(capsys.readouterr().out.splitlines()[1])
        (definition,) = metrics["_aws"]["CloudWatchMetrics"]
        assert {"service", "function_name"} == set(definition["Dimensions"][0])
        assert ("claims-provider", "local") == (metrics["service"], metrics["function_name"])


def test_nothing_is_carried_over(capsys: pytest.CaptureFixture[str]) -> None:
    """Powertools keeps state between invocations; a line holds nothing of the last one."""
    telemetry = Telemetry("local")
    telemetry.write(_record())
    capsys.readouterr()
    second = CalloutRecord()
    second.count("CallerRefused")
    telemetry.write(second)
    log, metrics = map(json.loads, capsys.readouterr().out.splitlines())
    assert log["cold_start"] is False
    assert {"outcome", "answer_ms"}.isdisjoint(log)
    assert {"Answered", "AnswerTime"}.isdisjoint(metrics)


@pytest.mark.parametrize(("warned", "level"), [(False, "INFO"), (True, "WARNING")])
def test_what_somebody_should_look_at_is_a_warning(
    warned: bool,  # noqa: FBT001
    level: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A callout worth a look can be found by its level."""
    record = _record()
    if warned:
        record.warn()
    Telemetry("local").write(record)
    assert level == json.loads(capsys.readouterr().out.splitlines()[0])["level"]


@pytest.mark.parametrize("broken", ["_logger", "_metrics"])
def test_a_failure_of_telemetry_breaks_nothing(
    broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever fails while writing, the callout goes on."""

    class Broken:
        def __getattr__(self, name: str) -> object:
            raise OSError(name)

    telemetry = Telemetry("local")
    monkeypatch.setattr(telemetry, broken, Broken())
    telemetry.write(_record())


def test_a_bug_is_described_without_its_message() -> None:
    """An unexpected exception is logged by type and location, because a message may quote data."""
    try:
        raise ValueError("casey@contoso.com")  # noqa: EM101, TRY301
    except ValueError as error:
        description = describe_bug(error)
    assert "ValueError" == description["error"]
    assert "test_telemetry.py:" in description["at"]
    assert "casey" not in str(description)


def test_text_that_utf_8_cannot_carry_costs_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lone surrogate in a field is escaped, so that it cannot suppress the log line."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="utf-8", write_through=True))
    record = _record()
    record.note(cause={"actual": "\ud800"})
    Telemetry("local").write(record)
    assert "\ud800" == json.loads(raw.getvalue().splitlines()[0])["cause"]["actual"]
