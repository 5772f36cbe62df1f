"""Scores on disk (SQLite): written one by one, whole or not at all, and read while others are written."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.monai_label.strategies.exam_score import ExamScore
from uptake.errors import OutputFailed, UnreadableFile
from uptake.training.plain_json import from_plain, to_plain

_TABLES = """
create table if not exists score (
    model text not null, image text not null, version integer not null, body text not null,
    primary key (model, image));
create table if not exists failure (
    model text not null, image text not null, version integer not null, at real not null,
    primary key (model, image));
create table if not exists served (
    image text primary key, at real not null, who text not null);
"""


class ScoreStore:
    """The newest scores of every exam by every model, exams that could not be scored, and who was given which.

    Parameters
    ----------
    path
        Of the file; made if absent.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, check_same_thread=False, timeout=10.0)
        except (OSError, sqlite3.Error) as error:
            raise OutputFailed("The file of scores cannot be opened. Check its folder's permissions.") from error
        try:
            self._connection.execute("pragma journal_mode = wal")
            self._connection.executescript(_TABLES)
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise UnreadableFile(
                f"{path.name} is no file of scores.", remedy="Delete it: scores are computed again."
            ) from error

    def put(self, model: str, score: ExamScore) -> None:
        """Keep a score in place of an older one."""
        body = json.dumps(to_plain(score))
        with self._write() as connection:
            connection.execute(
                "insert or replace into score values (?, ?, ?, ?)", (model, score.image_id, score.version, body)
            )
            connection.execute("delete from failure where model = ? and image = ?", (model, score.image_id))

    def put_failure(self, model: str, image_id: str, version: int) -> None:
        """Remember that an exam cannot be scored by a version, so that it is not tried again and again."""
        with self._write() as connection:
            connection.execute(
                "insert or replace into failure values (?, ?, ?, ?)", (model, image_id, version, time.time())
            )

    def scores(self, model: str) -> dict[str, ExamScore]:
        """By image, of whichever version is the newest that was asked."""
        rows = self._read("select body from score where model = ?", (model,))
        found = (from_plain(ExamScore, json.loads(str(body))) for (body,) in rows)
        return {each.image_id: each for each in found}

    def done(self, model: str, version: int, *, retry_after_s: float) -> set[str]:
        """Images that need no scoring: scored by this very version, or failed by it less than so long ago."""
        rows = self._read("select image from score where model = ? and version = ?", (model, version))
        late = time.time() - retry_after_s
        asked = (model, version, late)
        rows += self._read("select image from failure where model = ? and version = ? and at > ?", asked)
        return {str(image) for (image,) in rows}

    def serve(self, image_id: str, who: str) -> None:
        """Remember that somebody was given an exam just now."""
        with self._write() as connection:
            connection.execute("insert or replace into served values (?, ?, ?)", (image_id, time.time(), who))

    def served(self, within_s: float) -> dict[str, str]:
        """Who was given which exam, not longer ago than so."""
        rows = self._read("select image, who from served where at > ?", (time.time() - within_s,))
        return {str(image): str(who) for image, who in rows}

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _read(self, statement: str, values: tuple[object, ...]) -> list[tuple[object, ...]]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock, self._connection:
                yield self._connection
        except sqlite3.Error as error:
            raise OutputFailed("The file of scores cannot be written. Free some space or check permissions.") from error
