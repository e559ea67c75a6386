"""Seme's indexes beside their best peers, in one process, with one thread count.

`SEME_BENCH_THREADS` sets the threads of every system; BLAS reads its own setting when it is loaded, hence here.
"""

import os

THREADS = int(os.environ.get("SEME_BENCH_THREADS", "1"))
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_name] = str(THREADS)
