"""Summary of all results of a prediction: the table of their cells, and the page to look through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cellseg.cli.predict_files import ResultFiles
from cellseg.cli.progress import bar, say
from cellseg.errors import InputError
from cellseg.options import PredictOptions

if TYPE_CHECKING:
    from cellseg.images.source import ImageSource
    from cellseg.models.trained import TrainedModel
    from cellseg.report.page import PageWords
    from cellseg.report.records import PredictionRecord, PredictionRecords


@dataclass(frozen=True, slots=True)
class Summaries:
    """The table and the page that are wanted, and what is kept for them on the way."""

    files: ResultFiles
    options: PredictOptions
    records: PredictionRecords | None
    """None where no page is wanted."""

    @property
    def wanted(self) -> bool:
        """Any of them is."""
        return self.files.table is not None or self.files.report is not None

    def record(self, mark: str) -> PredictionRecord | None:
        """The record of the result with this mark, to be filled; None where no page is wanted."""
        return None if self.records is None else self.records.of(mark)

    def keep(self) -> None:
        """Keep the records for a run with --resume."""
        if self.records is not None:
            self.records.keep()

    def write(self, results: Sequence[tuple[ImageSource, Path, str]], words: PageWords) -> None:
        """Measure the results, each with its image and its mark, and write what is wanted."""
        from cellseg.report.results import FinishedImage, summarise_results

        records = {mark: self.record(mark) for _, _, mark in results}
        finished = [FinishedImage(image, result, records[mark]) for image, result, mark in results]
        kept = {mark: record.as_json() for mark, record in records.items() if record is not None}
        table, report = self.files.table, self.files.report
        steps = summarise_results(
            finished, self.options, table=table, report=report, words=replace(words, records=kept)
        )
        cells = 0
        with bar("measuring", len(finished)) as update:
            for step in steps:
                cells = step.cells
                update(step.done, step.name)
        self._tell(cells)

    def _tell(self, cells: int) -> None:
        if self.files.table is not None:
            say(f"wrote {self.files.table}: {cells} cells")
        if self.records is not None:
            self.records.drop()
            say(f"wrote {self.files.report}: open it in a browser")


def summaries(files: ResultFiles, options: PredictOptions) -> Summaries:
    """The table and the page of a prediction. Raises InputError where a result has no cells to measure."""
    from cellseg.report.records import records_of

    wanted = [flag for flag, path in (("--table", files.table), ("--report", files.report)) if path is not None]
    if wanted and options.result != "instances":
        found = f"{wanted[0]} measures cells, --result {options.result} numbers none"
        raise InputError(found, "Leave --result out, or run cellseg measure on the result.")
    return Summaries(files, options, None if files.report is None else records_of(files.report, files.resume))


def page_words(
    name: Path, model: TrainedModel, images: Sequence[Path], options: PredictOptions, refused: Mapping[Path, str]
) -> PageWords:
    """Words of the page that no image tells; `refused` are images without a result, and why."""
    from cellseg.report.about import about_prediction
    from cellseg.report.page import PageWords

    one = images[0].resolve().name
    title = f"Cells in {one}" if len(images) == 1 else f"Cells in {len(images)} files and folders"
    about = about_prediction(str(name), model, options, {"Images": ", ".join(map(str, images))})
    return PageWords(title, about, {str(path): why for path, why in refused.items()})
