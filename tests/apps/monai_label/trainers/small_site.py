"""A site for tests: patients with two hot spheres, whose labels can be submitted, and an untrained bundle."""

import hashlib
from types import SimpleNamespace

import numpy as np

from apps.monai_label.labels.label_types import LabelOrigin, LabelVersion
from tests.evaluation.small_runs import quick_recipe, write_run
from tests.training.small_training import GRID, write_patient
from uptake.training.nifti_exams import nifti_folders
from uptake.training.progress_state import WEIGHTS, load_weights_file, save_weights
from uptake.training.to_bundle import to_bundle
from uptake.volume import LabelMap

NAME = "small_test"
PATIENTS = 6
HEAD = "head.bias"


def image_id(number):
    return f"1.2.{number + 1}"


class Site:
    """Exams and labels as the datastore gives them; ``submit`` makes one truth."""

    def __init__(self, data, patients=PATIENTS):
        self._loaded = {}
        for number in range(patients):
            write_patient(data / f"patient-{number}", seed=number)
        for number, exam in enumerate(nifti_folders(data, quick_recipe())):
            self._loaded[image_id(number)] = number, exam.load()
        self._labels = {}
        self.prepared = 0

    def submit(self, name, array=None, version=1):
        labels = self._loaded[name][1].truth if array is None else array
        sha256 = hashlib.sha256(labels.tobytes()).hexdigest()
        label = LabelVersion(f"{name}.{version}", name, "final", LabelOrigin.submitted, "reader", sha256, version, 0.0)
        self._labels[name] = label, labels

    def submit_all(self):
        for name in self._loaded:
            self.submit(name)

    def list_images(self):
        return list(self._loaded)

    def truths(self):
        return {name: label for name, (label, _) in self._labels.items()}

    def truth(self, name):
        return LabelMap(self._labels[name][1].astype(np.uint16), GRID) if name in self._labels else None

    def exam(self, name):
        number, loaded = self._loaded[name]
        self.prepared += 1
        patient = SimpleNamespace(patient_id=f"P{number}")
        pet = SimpleNamespace(study_uid=f"1.9.{number}", label="PT 1 SPHERES")
        return SimpleNamespace(
            exam=SimpleNamespace(patient=patient, pet=pet), suv=loaded.pet, ct=loaded.channels.get("CT")
        )


def write_bundle(folder):
    """A bundle of two folds in ``folder / models`` that finds nothing, so that no training makes it worse."""
    data = folder / "elsewhere"
    for number in range(3):
        write_patient(data / f"other-{number}", seed=100 + number)
    run = write_run(folder / "run", data)
    for fold in run.trained:
        weights = load_weights_file(run.fold(fold) / WEIGHTS)
        weights[HEAD][0] = 50.0
        save_weights(weights, run.fold(fold))
    return to_bundle(run, folder / "models", "Apache-2.0")
