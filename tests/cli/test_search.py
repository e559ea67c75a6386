from __future__ import annotations

import subprocess
import sys


def test_a_fresh_machine_finds_the_paper_on_atoms_first_and_says_why(seme_json, seme):
    rows = seme_json("search", "smallest units of meaning inside a language model")
    assert [row["rank"] for row in rows] == list(range(1, 11))
    assert set(rows[0]) == {"rank", "id", "title", "score", "why"}
    assert rows[0]["title"].startswith("Towards Atoms")
    assert rows[0]["why"]["matched"]
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)

    near = seme_json("similar", rows[0]["id"], "-n", "3")
    assert len(near) == 3
    assert rows[0]["id"] not in [row["id"] for row in near]
    assert all(-1.0 <= row["why"]["cosine"] <= 1.0 for row in near)

    shown = seme("search", "smallest units of meaning inside a language model").stdout
    assert "Towards Atoms" in shown
    assert "by meaning: 1" in shown

    index = seme_json("index", "--rebuild")
    assert index["indexed"] == index["total"] == 57


def test_filters_narrow_the_results(seme_json):
    tags = {row["id"] for row in seme_json("search", "language model", "--tag", "no-such-tag")}
    assert tags == set()
    everything = seme_json("search", "language model", "-n", "100")
    assert 10 < len(everything) <= 57


def test_errors_name_the_argument_and_the_mend_and_leave_standard_output_empty(seme):
    empty = seme("search", "  ", "--json", code=2)
    assert empty.stdout == ""
    assert "the search text is empty" in empty.stderr
    assert "Mend:" in empty.stderr
    assert "nope" in seme("similar", "nope", "--json", code=3).stderr
    assert "2026-1-1" in seme("search", "x", "--since", "2026-1-1", code=2).stderr
    assert "SEME_PORT" in seme("search", "x", code=2, SEME_PORT="many").stderr
    assert "encoder" in seme("index", "--rebuild", code=5, SEME_ENCODER_PATH="/nonexistent").stderr
    assert "[bold]" not in seme("similar", "[bold]x", code=3).stderr.replace("'[bold]x'", "")


def test_searching_loads_neither_torch_nor_the_web_server():
    probe = (
        "import sys; from seme.cli import app; import seme.cli.searching;"
        "print([name for name in ('torch', 'fastapi', 'uvicorn', 'mcp', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
