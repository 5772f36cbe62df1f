import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from apps.monai_label.exams.dicomweb_source import DicomwebSource, SourceSettings
from apps.monai_label.exams.exam_errors import PacsUnavailable, UnknownExam
from apps.monai_label.exams.pacs_client import PacsAddress, PacsClient
from uptake.errors import InputRefused

NO_PAUSE = PacsAddress("http://127.0.0.1:9/dicom-web", user="u", password="hidden", pauses_s=(0.0, 0.0))


class Qido:
    """A PACS with ``count`` PET studies, which answers at most ``most`` at once."""

    def __init__(self, count, most=10_000, knows_offset=True):
        self.count, self.most, self.knows_offset = count, most, knows_offset
        self.asked, self.failures = 0, []

    def search_for_series(self, fields, limit, offset, search_filters):
        self.asked += 1
        if self.failures:
            raise self.failures.pop(0)
        start = offset if self.knows_offset else 0
        return [row(number) for number in range(start, min(self.count, start + min(limit, self.most)))]


def row(number):
    texts = {
        "0020000D": f"1.2.{number}",
        "0020000E": f"1.3.{number}",
        "00100020": f"P{number // 2}",
        "00080020": f"{20200101 + number % 2}",
        "00201209": 60,
    }
    return {tag: {"vr": "UI", "Value": [value]} for tag, value in texts.items()}


def source_of(qido, tmp_path, address=NO_PAUSE, listing_s=60.0):
    client = PacsClient(address)
    client._client = lambda: qido
    return DicomwebSource(client, SourceSettings(tmp_path, listing_s=listing_s))


def answered(status):
    response = requests.Response()
    response.status_code = status
    return requests.HTTPError(response=response)


@pytest.mark.parametrize(("most", "requests_made"), [(10_000, 11), (100, 51)])
def test_thousands_of_studies_are_listed_by_pages_once(tmp_path, most, requests_made):
    qido = Qido(5000, most)
    source = source_of(qido, tmp_path)
    started = time.perf_counter()
    keys = source.keys()
    assert time.perf_counter() - started < 5
    assert len({key.pet_series_uid for key in keys}) == 5000
    assert qido.asked == requests_made
    source.keys()
    assert qido.asked == requests_made
    assert {key.prior_pet_series_uid for key in keys if key.pet_series_uid == "1.3.41"} == {"1.3.40"}


def test_a_pacs_that_knows_no_offset_does_not_go_on_for_ever(tmp_path):
    assert len(source_of(Qido(300, knows_offset=False), tmp_path).keys()) == 300
    qido = Qido(300, most=100, knows_offset=False)
    assert len(source_of(qido, tmp_path).keys()) == 100
    assert qido.asked == 2


def test_rows_that_are_odd_are_left_out(tmp_path):
    qido = Qido(3)
    good = qido.search_for_series
    odd = [{"0020000E": {"Value": ["../../etc"]}, "0020000D": {"Value": ["1.2"]}}, {"0020000E": 5}, "text", {}]
    qido.search_for_series = lambda **asked: [*good(**asked), *odd]
    assert len(source_of(qido, tmp_path).keys()) == 3


def test_it_asks_again_and_then_says_that_the_pacs_is_down(tmp_path):
    qido = Qido(3)
    qido.failures = [requests.ConnectionError("http://u:hidden@host"), answered(503)]
    source = source_of(qido, tmp_path, listing_s=0.0)
    assert len(source.keys()) == 3
    assert source.state().available

    qido.failures = [requests.ConnectTimeout()] * 3
    assert len(source.keys()) == 3  # from memory
    assert not source.state().available
    assert source.state().since <= time.time()
    before = qido.asked
    qido.failures = [requests.ConnectTimeout()] * 3
    with pytest.raises(PacsUnavailable, match="Try again") as down:
        source.refresh()
    assert qido.asked == before + 1  # known to be down: one attempt
    assert "hidden" not in str(down.value)
    qido.failures = []
    source.refresh()
    assert source.state().available


def test_without_a_listing_a_pacs_that_is_down_is_an_error(tmp_path):
    qido = Qido(3)
    qido.failures = [requests.ConnectionError()] * 9
    with pytest.raises(PacsUnavailable, match="ConnectionError"):
        source_of(qido, tmp_path).keys()


@pytest.mark.parametrize(("status", "text"), [(401, "credentials"), (403, "credentials"), (404, "404"), (400, "400")])
def test_an_answer_that_will_not_change_is_not_asked_for_again(tmp_path, status, text):
    qido = Qido(3)
    qido.failures = [answered(status)] * 9
    with pytest.raises(PacsUnavailable, match=text):
        source_of(qido, tmp_path).keys()
    assert qido.asked == 1


def test_only_listed_exams_are_known(tmp_path):
    source = source_of(Qido(3), tmp_path)
    with pytest.raises(UnknownExam):
        source.key("1.3.99")
    for text in ("/etc/passwd", "1.3.1/../x", "%2e%2e"):
        with pytest.raises(InputRefused):
            source.key(text)


@pytest.mark.parametrize("url", ["ftp://host/x", "http://user:pass@host/x", "file:///etc", "http://", "http://h/?a=b"])
def test_an_address_is_a_plain_url(url):
    with pytest.raises(ValueError, match="address"):
        PacsAddress(url)


def test_credentials_are_not_shown():
    assert "hidden" not in repr(NO_PAUSE)


def test_twenty_clients_cause_one_listing(tmp_path):
    qido = Qido(100)
    source = source_of(qido, tmp_path)
    with ThreadPoolExecutor(20) as clients:
        assert set(clients.map(lambda _: len(source.keys()), range(20))) == {100}
    assert qido.asked == 2  # a page and the empty one after it
