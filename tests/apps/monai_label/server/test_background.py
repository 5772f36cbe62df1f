"""The background goes on after an error, and does what comes first once."""

import threading

from apps.monai_label.server.background import Background
from uptake.errors import InputRefused


def test_what_comes_first_is_done_once_and_errors_end_nothing():
    done, enough = [], threading.Event()

    def work():
        done.append("work")
        if len(done) == 4:
            enough.set()
        raise InputRefused("The PACS is down.", remedy="Wait.") if len(done) == 2 else KeyError("a fault of ours")

    background = Background(work, every_s=0.001, first=lambda: done.append("first"))
    background.start()
    assert enough.wait(10)
    background.close()
    assert done[:4] == ["first", "work", "work", "work"]
