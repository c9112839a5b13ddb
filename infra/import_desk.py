"""What an import needs from outside, in one place: files read, rows sorted, runs remembered."""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from domain.imports import ImportStore
from infra.import_store import PostgresImportStore
from infra.postgres import Session
from infra.row_sorter import RowSorter
from infra.tables import Table, open_table
from infra.vault import Vault
from infra.yaml_sheet import Sheet, read_sheet


class ImportDesk:
    """Handed to services.imports by services.bootstrap."""

    def __init__(self, session: Session, vault: Vault) -> None:
        self.store: ImportStore = PostgresImportStore(session, vault)

    def open_table(self, path: Path, *, delimiter: str = ",", encoding: str = "utf-8") -> Table:
        """Open a CSV, CSV.gz or Parquet file. Raises: TableError"""
        return open_table(path, delimiter=delimiter, encoding=encoding)

    def sorter(self) -> RowSorter:
        """Give a fresh sorter; close it."""
        return RowSorter()

    def read_sheet(self, text: str) -> Sheet:
        """Read YAML with the place of each value."""
        return read_sheet(text)

    def fingerprint(self, paths: Iterable[Path]) -> str:
        """Give SHA-256 over the contents of files, hexadecimal."""
        total = sha256()
        for path in paths:
            one = sha256()
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    one.update(block)
            total.update(one.digest())
        return total.hexdigest()
