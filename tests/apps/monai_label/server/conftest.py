"""The fixtures of a served application, and of a whole server with an Orthanc of its own."""

import numpy as np
import pytest
import SimpleITK

pytest.importorskip("fastapi")
pytest.importorskip("requests_toolbelt")

from tests.apps.monai_label.orthanc_server import require_orthanc
from tests.small_exam import write_small_exam


@pytest.fixture
def serve(tmp_path):
    from tests.apps.monai_label.server.served import served

    return lambda **settings: served(tmp_path, **settings)


@pytest.fixture
def here(serve):
    return serve()


@pytest.fixture(scope="session")
def exams(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exams")
    write_small_exam(folder / "one", identity="one")
    write_small_exam(folder / "two", identity="two", day=9)
    return folder


@pytest.fixture(scope="session")
def running(exams, tmp_path_factory):
    """A server with two exams; starting one takes a while, so that several files share it."""
    pytest.importorskip("monailabel")
    require_orthanc()
    from tests.apps.monai_label.server.running_server import Running

    server = Running(tmp_path_factory.mktemp("server") / "work", "--import", str(exams))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def exam(running):
    """The first exam with its SUV, which ``suv.nii.gz`` beside the server's work holds, and its hottest voxel."""
    image_id = sorted(running.get("/datastore/?output=all", "annotator").json()["objects"])[0]
    found = running.get("/datastore/image", "annotator", params={"image": image_id})
    path = running.work.parent / "suv.nii.gz"
    path.write_bytes(found.content)
    suv = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))
    top = [int(n) for n in np.unravel_index(suv.argmax(), suv.shape)][::-1]
    return image_id, suv, top


@pytest.fixture(scope="session")
def labelled(running, exam):
    """The label that a click gave, its facts, and what the server said when it was saved."""
    image_id, _, top = exam
    client = running.client("annotator")
    file, facts = client.infer("region_41_percent", image_id, {"foreground": [top], "background": []})
    ((name, value),) = facts["label_names"].items()
    saved = client.save_label(image_id, file, params={"label_info": [{"name": name, "idx": value}]})
    return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(file)), facts, saved
