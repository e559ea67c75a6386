"""The state of a recording on disk, which is replaced whole at each commit.

    folder/
      recording.json        settings, and how many batches, documents and rows are committed
      rows-00000.bin        document and position of each row    } until the recording is finished
      moments-00000.bin     sums of each batch, in float64       }
      SITE/values-*.bin     rows of activations
      SITE/index.json, SITE/rows-00000.bin    once it is finished

Files only grow. What lies behind the committed rows is cut off when a recording is taken up again, so that it ends with
the same bytes as one that was never stopped.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import numpy.typing as npt

from seme.errors import CorruptionError, InputError
from seme.interp.activations.durable import RowLog, log_path, rows_of_files, sync_folder, write_json
from seme.interp.activations.rows import Stored, row_bytes
from seme.interp.activations.store import FORMAT, INDEX, Description

_STATE = "recording.json"


@dataclass(slots=True)
class Progress:
    """What is committed.

    Parameters
    ----------
    batches, documents, rows
        How many.
    chain
        Hash of the batches so far, each with the hash before it.
    widths
        Width of each site's rows, known once the first batch is through.
    finished
        Whether the stores are complete.
    """

    batches: int = 0
    documents: int = 0
    rows: int = 0
    chain: str = ""
    widths: dict[str, int] = field(default_factory=dict)
    finished: bool = False


class Journal:
    """The files of one recording, open for writing.

    Parameters
    ----------
    folder
        Where the recording is, or will be.
    settings
        Everything that the rows depend on but the batches.

    Raises
    ------
    InputError
        If the folder holds a recording with other settings.
    CorruptionError
        If its files are not what was committed.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.folder, self.settings = folder, settings
        self.progress = self._read()
        self._logs: dict[str, RowLog] = {}
        if self.progress.widths and not self.progress.finished:
            self._open_logs()
        if self.progress.finished:
            self._drop_scaffolding()

    def append(
        self, values: Mapping[str, Stored], index: npt.NDArray[np.int32], moments: npt.NDArray[np.float64]
    ) -> None:
        """Write the rows of a batch; they count at the next commit."""
        if not self._logs:
            self._open_logs()
        for site, rows in values.items():
            self._logs[site].append(rows)
        self._logs["rows"].append(index)
        self._logs["moments"].append(moments)

    def commit(self) -> None:
        """Make everything that was appended, and the progress as it stands, the state of the recording."""
        for log in self._logs.values():
            log.sync()
        self._write()

    def finish(self) -> None:
        """Write the stores' indexes, and mark the recording as finished."""
        self.commit()
        self.close()
        moments = np.fromfile(log_path(self.folder, "moments", 0)).reshape(self.progress.batches, -1).sum(axis=0)
        start = 0
        for site, width in self.progress.widths.items():
            self._write_index(site, moments[start : start + width], moments[start + width])
            start += width + 1
        self.progress.finished = True
        self._write()
        self._drop_scaffolding()

    def close(self) -> None:
        """Close the files; whatever was not committed will be cut off."""
        for log in self._logs.values():
            log.close()

    def site_folder(self, site: str) -> Path:
        """Return the folder of a site's store."""
        return self.folder / quote(site, safe="[]*, ")

    def _open_logs(self) -> None:
        rows, widths = self.progress.rows, self.progress.widths
        for site, width in widths.items():
            folder = self.site_folder(site)
            folder.mkdir(parents=True, exist_ok=True)
            size = row_bytes(self.settings["dtype"], width)
            self._logs[site] = RowLog(folder, "values", size, rows=rows, rows_per_file=self._rows_per_shard(width))
        self._logs["rows"] = RowLog(self.folder, "rows", 8, rows=rows)
        size = 8 * sum(width + 1 for width in widths.values())
        self._logs["moments"] = RowLog(self.folder, "moments", size, rows=self.progress.batches)
        sync_folder(self.folder)

    def _rows_per_shard(self, width: int) -> int:
        return max(1, int(self.settings["shard_bytes"]) // row_bytes(self.settings["dtype"], width))

    def _write_index(self, site: str, total: npt.NDArray[np.float64], length: float) -> None:
        folder, rows, width = self.site_folder(site), self.progress.rows, self.progress.widths[site]
        part = folder / ".rows.part"
        shutil.copyfile(log_path(self.folder, "rows", 0), part)
        part.replace(log_path(folder, "rows", 0))
        description = Description(
            site=site,
            model_name=self.settings["model_name"],
            dtype=self.settings["dtype"],
            width=width,
            heads=self.settings["sites"][site]["heads"],
            documents=self.progress.documents,
            settings=self.settings,
            settings_hash=settings_hash(self.settings),
        )
        body = {
            "format": FORMAT,
            "description": asdict(description),
            "shards": rows_of_files(rows, self._rows_per_shard(width)),
            "norm": length / rows,
            "mean": (total / rows).tolist(),
        }
        write_json(folder / INDEX, body)

    def _write(self) -> None:
        write_json(
            self.folder / _STATE, {"format": FORMAT, "settings": self.settings, "progress": asdict(self.progress)}
        )

    def _read(self) -> Progress:
        path = self.folder / _STATE
        if not path.exists():
            return Progress()
        try:
            body = json.loads(path.read_text())
            recorded, progress = body["settings"], Progress(**body["progress"])
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise CorruptionError(f"{path} cannot be read", hint=f"Delete {self.folder} and record again") from error
        for key in sorted({*recorded, *self.settings}):
            if recorded.get(key) != self.settings.get(key):
                raise InputError(
                    f"{self.folder} holds a recording with {key} {_short(recorded.get(key))}, "
                    f"not {_short(self.settings.get(key))}",
                    hint="Name another folder, or delete this one",
                )
        return progress

    def _drop_scaffolding(self) -> None:
        for name in ("rows", "moments"):
            log_path(self.folder, name, 0).unlink(missing_ok=True)


def settings_hash(settings: Mapping[str, Any]) -> str:
    """Return the SHA-256 of settings, whatever the order of their keys."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
