"""A stand-in arXiv that prints its address and serves until it is ended."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import threading

from arxiv_server.server import OAI_TRAPS, TRAPS, ArxivServer

parser = argparse.ArgumentParser(prog="python -m arxiv_server")
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--papers", type=int, default=300)
parser.add_argument("--traps", nargs="*", default=[], choices=[*dict.fromkeys([*TRAPS, *OAI_TRAPS]), "all"])
given = parser.parse_args()
today = dt.datetime.now(dt.UTC).date()
with ArxivServer(given.papers, given.traps, given.port, last_day=today) as server:
    sys.stdout.write(f"{server.address}\n")
    sys.stdout.flush()
    threading.Event().wait()
