"""The experiment on the page about methods runs as it stands, with the command beneath it."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from seme.assets import LANGUAGE_MODELS, SENTENCE_ENCODERS, TEXTS, WORD_VECTORS

PAGE = (Path(__file__).parents[2] / "docs" / "methods.md").read_text()
_LAUNCHER = (
    "import sys, seme.experiments; seme.experiments.__path__.append(sys.argv.pop(1)); import seme.cli; seme.cli.main()"
)


def test_the_example_of_the_page_is_an_experiment(tmp_path):
    pytest.importorskip("torch")
    source = re.search(r"```python\n(.*?)```", PAGE, re.S)
    command = re.search(r"```sh\nseme (run planted-direction.*)\n```", PAGE)
    assert source is not None
    assert command is not None
    (tmp_path / "p01_planted_direction.py").write_text(source[1])
    done = subprocess.run(
        [sys.executable, "-c", _LAUNCHER, str(tmp_path), *shlex.split(command[1]), "--json"],
        env={**os.environ, "SEME_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    assert told["settings"] == {"rows": 2000, "strengths": [1.0, 3.0]}
    assert [claim["verdict"] for claim in told["claims"]] == ["holds"]
    assert told["baselines"]
    assert told["figures"]


def test_the_page_names_every_asset():
    for name in (*LANGUAGE_MODELS, *SENTENCE_ENCODERS, *WORD_VECTORS, *TEXTS):
        assert f"`{name}`" in PAGE
