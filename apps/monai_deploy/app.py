"""The graph, and nothing else."""

from __future__ import annotations

from pathlib import Path

from monai.deploy.conditions import CountCondition
from monai.deploy.core import Application

from operators.exam_assembly_operator import ExamAssemblyOperator
from operators.exam_loader_operator import ExamLoaderOperator
from operators.figures_writer_operator import FiguresWriterOperator
from operators.measurement_operator import MeasurementOperator
from operators.measurement_report_writer_operator import MeasurementReportWriterOperator
from operators.real_world_value_map_writer_operator import RealWorldValueMapWriterOperator
from operators.report_writer_operator import ReportWriterOperator
from operators.results_writer_operator import ResultsWriterOperator
from operators.segmentation_operator import SegmentationOperator
from operators.segmentation_writer_operator import SegmentationWriterOperator
from operators.series_selector_operator import SeriesSelectorOperator
from operators.structure_set_writer_operator import StructureSetWriterOperator
from uptake.exam_result import ExamResult
from uptake.settings import RunSettings


class UptakeApp(Application):
    """From DICOM folders to staged results.

    ::

        loader > selector > assembly ┬> segmentation ┬> measurement ┬> SEG writer ┬> SR writer ────┐
                                     └───────────────┘              ├> RWVM writer┘                ├> results writer
                                                                    ├> RTSTRUCT writer ────────────┤
                                                                    └> figures writer > PDF writer ┘

    Every writer also gets the measured results.

    Parameters
    ----------
    folders
        Input folders of one patient.
    staging
        Folder for the results.
    settings
        What the user chose.
    models
        Folder of model bundles.
    """

    def __init__(self, folders: tuple[Path, ...], staging: Path, settings: RunSettings, models: Path) -> None:
        self._folders = folders
        self._staging = staging
        self._settings = settings
        self._models = models
        self._results_writer: ResultsWriterOperator | None = None
        super().__init__(["uptake"])  # its own arguments: Holoscan would read those of the process

    @property
    def results(self) -> tuple[ExamResult, ...]:
        """What was found and written; empty when the graph stalled, which Holoscan itself does not tell."""
        return self._results_writer.results if self._results_writer is not None else ()

    def compose(self) -> None:
        """Connect the operators."""
        staging, settings = self._staging, self._settings
        load = ExamLoaderOperator(self, CountCondition(self, 1), folders=self._folders, name="exam_loader")
        select = SeriesSelectorOperator(self, name="series_selector")
        assemble = ExamAssemblyOperator(self, name="exam_assembly")
        segment = SegmentationOperator(self, settings=settings, models=self._models, name="segmentation")
        measure = MeasurementOperator(self, name="measurement")
        write_seg = SegmentationWriterOperator(self, staging=staging, name="segmentation_writer")
        write_sr = MeasurementReportWriterOperator(self, staging=staging, name="measurement_report_writer")
        write_rwvm = RealWorldValueMapWriterOperator(self, staging=staging, name="real_world_value_map_writer")
        write_rtstruct = StructureSetWriterOperator(self, staging=staging, name="structure_set_writer")
        draw = FiguresWriterOperator(self, staging=staging, settings=settings, name="figures_writer")
        write_pdf = ReportWriterOperator(self, staging=staging, settings=settings, name="report_writer")
        write_json = ResultsWriterOperator(self, staging=staging, settings=settings, name="results_writer")
        self._results_writer = write_json

        self.add_flow(load, select, {("scan", "scan")})
        self.add_flow(select, assemble, {("exams", "exams")})
        self.add_flow(assemble, segment, {("prepared", "prepared")})
        self.add_flow(assemble, measure, {("prepared", "prepared")})
        self.add_flow(segment, measure, {("regions", "regions")})
        for writer in (write_seg, write_sr, write_rwvm, write_rtstruct, draw, write_pdf, write_json):
            self.add_flow(measure, writer, {("results", "results")})
        self.add_flow(write_seg, write_sr, {("segmentations", "segmentations")})
        self.add_flow(draw, write_pdf, {("figures", "figures")})
        self.add_flow(write_rwvm, write_sr, {("value_maps", "value_maps")})
        for writer in (write_sr, write_rtstruct, write_pdf):
            self.add_flow(writer, write_json, {("written", "written")})
