"""operators: one class per file; between real ports each does what its function of the pipeline does."""

import importlib
import inspect
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import operators
from tests.small_exam import write_small_exam

FILES = sorted(path.stem for path in Path(operators.__file__).parent.glob("*_operator.py"))


@pytest.fixture(scope="module")
def exam_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exam")
    write_small_exam(folder)
    return folder


def run_chain(*make_operators, ports):
    """Run operators one behind the other in a Holoscan application; give back what the last one emits."""
    from monai.deploy.conditions import CountCondition
    from monai.deploy.core import Application, Operator

    received = []

    class Sink(Operator):
        def setup(self, spec):
            spec.input("end")

        def compute(self, op_input, op_output, context):
            received.append(op_input.receive("end"))

    class Chain(Application):
        def compose(self):
            first, *rest = [make(self, number) for number, make in enumerate(make_operators)]
            first.add_arg(CountCondition(self, 1))
            chain = [first, *rest]
            for (upstream, downstream), port in zip(pairwise(chain), ports, strict=False):
                self.add_flow(upstream, downstream, {(port, port)})
            self.add_flow(chain[-1], Sink(self, name="sink"), {(ports[-1], "end")})

    Chain(["test"]).run()
    return received


@pytest.mark.parametrize("name", FILES)
def test_one_operator_per_file_and_the_file_is_called_like_it(name):
    from monai.deploy.core import Operator

    module = importlib.import_module(f"operators.{name}")
    found = [
        member.__name__
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, Operator) and member.__module__ == module.__name__
    ]
    assert found == ["".join(word.capitalize() for word in name.split("_"))]


def test_loader_selector_and_assembly_give_what_the_pipeline_gives(exam_folder):
    from operators.exam_assembly_operator import ExamAssemblyOperator
    from operators.exam_loader_operator import ExamLoaderOperator
    from operators.series_selector_operator import SeriesSelectorOperator
    from uptake.dicom.exams.exam_reader import read_exams
    from uptake.exam_preparation import prepare

    ((prepared,),) = run_chain(
        lambda app, n: ExamLoaderOperator(app, folders=(exam_folder,), name=f"op{n}"),
        lambda app, n: SeriesSelectorOperator(app, name=f"op{n}"),
        lambda app, n: ExamAssemblyOperator(app, name=f"op{n}"),
        ports=["scan", "exams", "prepared"],
    )
    (exam,) = read_exams(exam_folder)
    expected = prepare(exam)
    np.testing.assert_array_equal(prepared.suv.array, expected.suv.array)
    np.testing.assert_array_equal(prepared.ct.array, expected.ct.array)
    assert prepared.exam.decisions == exam.decisions


def test_an_error_comes_out_of_the_graph_as_itself(tmp_path):
    from operators.exam_loader_operator import ExamLoaderOperator
    from operators.series_selector_operator import SeriesSelectorOperator
    from uptake.errors import NoExamFound

    with pytest.raises(NoExamFound):
        run_chain(
            lambda app, n: ExamLoaderOperator(app, folders=(tmp_path,), name=f"op{n}"),
            lambda app, n: SeriesSelectorOperator(app, name=f"op{n}"),
            ports=["scan", "exams"],
        )
