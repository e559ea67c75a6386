from __future__ import annotations

import re

import numpy as np
import pytest
from defusedxml.ElementTree import fromstring

from seme.errors import InputError
from seme.report.figures import check_inlinable, draw

figures = pytest.importorskip("matplotlib.figure")


def _figure():
    figure = figures.Figure()
    left, right = figure.subplots(1, 2)
    left.imshow(np.arange(12).reshape(3, 4))
    right.plot([0, 1, 2], [0, 1, 4], label="$x^2$", linestyle="--")
    right.legend()
    return figure


def test_the_same_figure_gives_the_same_bytes_and_a_title_to_be_read():
    one, two = (draw(_figure(), "angles", "An image & a line") for _ in range(2))
    assert one == two
    root = fromstring(one.svg)
    assert root.get("aria-label") == "An image & a line"
    assert root[0].tag.endswith("title")
    assert " style=" not in one.svg


def test_ids_of_two_figures_in_a_page_are_different_and_every_reference_has_its_target():
    drawings = [draw(_figure(), name, "c").svg for name in ("one", "two")]
    found = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in drawings]
    assert found[0]
    assert not found[0] & found[1]
    for svg, ids in zip(drawings, found, strict=True):
        assert set(re.findall(r'href="#([^"]+)"', svg)) | set(re.findall(r"url\(#([^)]+)\)", svg)) <= ids


def test_the_styles_that_became_attributes_are_those_that_matplotlib_wrote():
    from io import StringIO

    plain, drawing = StringIO(), draw(_figure(), "angles", "c")
    _figure().savefig(plain, format="svg")
    pattern = r"(stroke|fill|stroke-width|stroke-dasharray)(?:: |=\")([^;\"]+)"
    styles = [pair for style in re.findall(r'style="([^"]*)"', plain.getvalue()) for pair in re.findall(pattern, style)]
    assert len(styles) > 50
    assert set(styles) <= set(re.findall(pattern, drawing.svg))


@pytest.mark.parametrize(
    "inside",
    [
        "<script>1</script>",
        "<foreignObject/>",
        '<rect onclick="1"/>',
        '<a href="https://example.org"/>',
        '<image href="https://example.org/x.png"/>',
        '<use href="javascript:1"/>',
        '<rect fill="url(https://example.org)"/>',
        '<rect style="fill:red"/>',
        '<set attributeName="href" to="x"/>',
        '<b xmlns="http://www.w3.org/1999/xhtml"/>',
        "<!ENTITY x 'y'>",
        "<open>",
    ],
)
def test_a_drawing_that_acts_or_loads_is_refused(inside):
    with pytest.raises(InputError, match="drawing 'x'"):
        check_inlinable(f'<svg xmlns="http://www.w3.org/2000/svg">{inside}</svg>', "x")
