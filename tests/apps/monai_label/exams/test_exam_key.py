import pytest

from apps.monai_label.exams.exam_key import ExamKey, require_uid
from uptake.errors import InputRefused


@pytest.mark.parametrize("text", ["1.2.840.10008.1", "2.25.329800735698586629295641978511506172918", "0" * 64])
def test_uids_are_taken(text):
    assert require_uid(text) == text


@pytest.mark.parametrize(
    "text",
    ["", "/etc/passwd", "../1.2", "1.2/..", "1..2", ".1", "1.", "1.2\n", "1.2%2e", "１.2", "1" * 65, None, 1.2],
)
def test_what_is_no_uid_is_refused_and_not_repeated(text):
    with pytest.raises(InputRefused) as refused:
        require_uid(text)
    assert not isinstance(text, str) or len(text) < 5 or text not in str(refused.value)


def test_a_key_checks_all_its_uids():
    with pytest.raises(InputRefused):
        ExamKey("1.2", "1.3", "../x", "1.4", None)
    assert ExamKey("1.2", "1.3", None, "", None).ct_series_uid is None
