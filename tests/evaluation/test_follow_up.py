import pytest

from uptake.errors import InputRefused
from uptake.evaluation.follow_up import FollowUp, find_follow_up, read_follow_up
from uptake.training.exams import patient_key


def table(folder, *lines, name="follow-up.csv"):
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_table_is_read_by_patient(tmp_path):
    path = table(tmp_path, "name,event,patient_id,follow_up_days", "x,1,A,730.5", "y,no,B,100", "z,,C,", "w,TRUE, D ,0")
    assert read_follow_up(path) == {
        patient_key("A"): FollowUp(730.5, True),
        patient_key("B"): FollowUp(100.0, False),
        patient_key("D"): FollowUp(0.0, True),
    }


def test_spreadsheets_byte_order_mark_is_no_part_of_a_column(tmp_path):
    path = tmp_path / "excel.csv"
    path.write_text("patient_id,follow_up_days,event\r\nA,5,0\r\n", encoding="utf-8-sig")
    assert read_follow_up(path) == {patient_key("A"): FollowUp(5.0, False)}


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("A,many,1", "line 3 .* no number of days"),
        ("A,-1,1", "line 3 .* no number of days"),
        ("A,inf,1", "line 3 .* no number of days"),
        ("A,5,2", "line 3 .* neither 0 nor 1"),
        ("A,5,", "line 3 .* neither 0 nor 1"),
        ("A,5", "line 3 .* neither 0 nor 1"),
        ("B,5,1", "line 3 .* an earlier line has too"),
    ],
)
def test_a_line_that_makes_no_sense_is_named_but_not_its_patient(line, fault, tmp_path):
    path = table(tmp_path, "patient_id,follow_up_days,event", "B,5,1", line)
    with pytest.raises(InputRefused, match=fault) as refused:
        read_follow_up(path)
    assert "A," not in str(refused.value)


def test_a_table_without_a_column_is_refused(tmp_path):
    with pytest.raises(InputRefused, match="no column event"):
        read_follow_up(table(tmp_path, "patient_id,follow_up_days", "A,5"))
    with pytest.raises(InputRefused, match=r"absent\.csv cannot be read"):
        read_follow_up(tmp_path / "absent.csv")


def test_a_named_table_goes_before_the_cohorts_own(tmp_path):
    assert find_follow_up(tmp_path, None) == {}
    table(tmp_path, "folder,patient_id,follow_up_days,event", "f,A,7,1", name="cohort.csv")
    assert find_follow_up(tmp_path, None) == {patient_key("A"): FollowUp(7.0, True)}
    named = table(tmp_path, "patient_id,follow_up_days,event", "A,9,0")
    assert find_follow_up(tmp_path, named) == {patient_key("A"): FollowUp(9.0, False)}
