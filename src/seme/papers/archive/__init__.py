"""A library as plain files: everything in it, in formats that outlive it."""

from seme.papers.archive.exporting import Exported, export_library
from seme.papers.archive.importing import Imported, import_archive
from seme.papers.archive.manifest import is_archive

__all__ = ["Exported", "Imported", "export_library", "import_archive", "is_archive"]
