"""Draw the figures of ``bench/results/callouts.json`` as a picture for the README."""

import json
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

RESULTS: Final = Path(__file__).parent / "results"
NAMES: Final = {
    "python": "Python alone",
    "get-item": "client.get_item alone",
    "ours": "this function",
    "bare": "json + boto3.client",
    "bare-byte-code": "json + boto3.client, with byte code",
    "bare-plain": "json + boto3.client",
    "tutorial": "tutorial's function",
    "tutorial-byte-code": "tutorial's function, with byte code",
    "tutorial-plain": "tutorial's function",
    "fastapi": "FastAPI + Mangum",
    "fastapi-byte-code": "FastAPI + Mangum, with byte code",
    "fastapi-plain": "FastAPI + Mangum",
}
"""From the floor upwards; ``plain`` is what sam build leaves by itself."""

OURS: Final = "#0b6e4f"
OTHERS: Final = "#9aa5b1"
FLOOR: Final = "#d5dae0"
INK: Final = "#1f2933"
QUIET: Final = "#52606d"


def draw(axes: Axes, samples: dict[str, list[float]], title: str, unit: str) -> None:
    """Draw one row for each function: a bar for the median, a line for the quartiles."""
    names = [name for name in NAMES if name in samples]
    for row, name in enumerate(reversed(names)):
        low, middle, high = quantiles(samples[name], n=4)
        is_ours, is_floor = name == "ours", name in {"python", "get-item"}
        axes.barh(row, middle, 0.66, color=OURS if is_ours else FLOOR if is_floor else OTHERS)
        axes.hlines(row, low, high, color=INK, linewidth=1.2)
        label = f" {middle:,.0f}" if middle >= 10 else f" {middle:.2f}"  # noqa: PLR2004
        axes.text(
            max(middle, high), row, label, va="center", color=INK,
            fontweight="bold" if is_ours else "normal",
        )  # fmt: skip
    axes.set_yticks(range(len(names)), [NAMES[name] for name in reversed(names)])
    for tick, name in zip(axes.get_yticklabels(), reversed(names), strict=True):
        tick.set_fontweight("bold" if name == "ours" else "normal")
    axes.set_title(f"{title}, {unit}", loc="left", fontsize=10, fontweight="bold", color=INK)
    axes.set_xlim(0, 1.16 * max(quantiles(values, n=4)[2] for values in samples.values()))
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelcolor=INK)
    axes.set_xticks([])
    axes.margins(y=0.02)


def main() -> None:
    """Draw the cold start, the warm callout and the size of each."""
    mpl.use("Agg")  # there may be no display
    figures: dict[str, Any] = json.loads((RESULTS / "callouts.json").read_text("utf-8"))
    plt.rcParams.update({"font.family": "DejaVu Sans", "font.size": 9})
    figure = plt.figure(figsize=(9.6, 5.6), dpi=200, layout="constrained", facecolor="white")
    grid = figure.add_gridspec(2, 2, height_ratios=(8, 5))
    draw(figure.add_subplot(grid[0, 0]), figures["cold_ms"], "First callout, cold", "ms")
    if figures["cold_ms_512mb"]:
        axes = figure.add_subplot(grid[0, 1])
        draw(axes, figures["cold_ms_512mb"], "Cold, at 512 MB's CPU share", "ms")
        axes.set_yticks([])
    draw(figure.add_subplot(grid[1, 0]), figures["warm_cpu_us"], "Warm callout, CPU time", "µs")
    sizes = {
        name: [size["unpacked"] / 1e6] * 2
        for name, size in figures["size_bytes"].items()
        if not name.endswith("-byte-code") and name != "python"
    }
    draw(figure.add_subplot(grid[1, 1]), sizes, "Artefact, unpacked", "MB")
    figure.supxlabel(
        "Medians; lines: quartiles. What is not marked is as sam build leaves it: no byte code. "
        f"{figures['machine']}, {figures['date']}.",
        fontsize=7.5, color=QUIET, x=0.01, ha="left",
    )  # fmt: skip
    figure.savefig(RESULTS / "callouts.png", metadata={"Software": None})


if __name__ == "__main__":
    main()
