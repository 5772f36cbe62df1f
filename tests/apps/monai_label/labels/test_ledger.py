import multiprocessing

import pytest

from apps.monai_label.exams.exam_source import SegmentationPlace
from apps.monai_label.labels.label_types import LabelOrigin, LabelVersion
from apps.monai_label.labels.ledger import Ledger, LedgerDamaged, LedgerEntry
from apps.monai_label.labels.mask_prints import MaskPrint

PRINT = MaskPrint("ab" * 32, (1.0, 2.0, 3.0), (3.0, 2.0, 2.0))


def entry(sop, number=1, image="1.2", created=10.0, origin=LabelOrigin.submitted):
    version = LabelVersion(sop, image, "final", origin, "anna", "0" * 64, number, created)
    return LedgerEntry(version, SegmentationPlace("1.9", f"{sop}.1", sop), {"lesion": PRINT}, "pending")


def test_what_was_written_is_there_for_the_next_process(tmp_path):
    first = Ledger(tmp_path)
    first.add("intent", entry("1.5"))
    first.mark("stored", "1.5")
    first.give_out("1.2", [PRINT, PRINT])
    first.examine("1.7", 2)
    again = Ledger(tmp_path)
    found = again.newest("1.2")
    assert (found.state, found.version.number, found.place.series_uid) == ("stored", 1, "1.5.1")
    assert found.prints["lesion"].same(PRINT)
    assert len(again.machine_masks("1.2")) == 1
    assert again.examined("1.7", 2)
    assert not again.examined("1.7", 3)


def test_a_line_that_a_killed_process_left_half_is_ignored_and_replaced(tmp_path):
    first = Ledger(tmp_path)
    first.add("intent", entry("1.5"))
    with (tmp_path / "ledger.jsonl").open("ab") as file:
        file.write(b'{"event":"intent","version":{"sop_ins')
    again = Ledger(tmp_path)
    assert again.newest("1.2").version.sop_instance_uid == "1.5"
    again.add("intent", entry("1.6", number=2, created=11.0))
    assert [each.version.sop_instance_uid for each in Ledger(tmp_path).entries("1.2")] == ["1.5", "1.6"]


def test_a_damaged_line_in_the_middle_is_an_error_and_not_a_lost_label(tmp_path):
    Ledger(tmp_path).add("intent", entry("1.5"))
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(b"{broken}\n" + path.read_bytes())
    with pytest.raises(LedgerDamaged, match="copy"):
        Ledger(tmp_path)


def test_refused_and_spoiled_labels_are_no_truth(tmp_path):
    ledger = Ledger(tmp_path)
    for number, sop in enumerate(("1.5", "1.6", "1.7"), 1):
        ledger.add("intent", entry(sop, number, created=float(number)))
    ledger.mark("refused", "1.7")
    ledger.mark("spoiled", "1.6")
    assert ledger.newest("1.2").version.sop_instance_uid == "1.5"
    assert ledger.last_number("1.2") == 3


def test_an_old_label_that_is_found_late_stays_old(tmp_path):
    ledger = Ledger(tmp_path)
    ledger.add("intent", entry("1.5", 1, created=100.0))
    ledger.add("found", entry("1.6", 2, created=50.0, origin=LabelOrigin.listed_author))
    assert ledger.newest("1.2").version.sop_instance_uid == "1.5"


def _write(folder, start):
    ledger = Ledger(folder)
    for number in range(start, start + 20):
        ledger.add("intent", entry(f"1.5.{number}", number + 1))


def test_two_processes_write_without_losing_a_line(tmp_path):
    context = multiprocessing.get_context("fork")
    here = Ledger(tmp_path)
    other = context.Process(target=_write, args=(tmp_path, 0))
    other.start()
    for number in range(100, 120):
        here.add("intent", entry(f"1.5.{number}", number + 1))
    other.join(20)
    assert other.exitcode == 0
    assert len(here.entries()) == 40 == len(Ledger(tmp_path).entries())
