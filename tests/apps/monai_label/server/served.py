"""A server for tests: real gate and routes before a small application that remembers what it was asked."""

import asyncio
import threading
from dataclasses import dataclass, field
from pathlib import Path

import SimpleITK

from apps.monai_label.exams.exam_errors import UnknownExam
from apps.monai_label.labels.label_errors import ConflictRefused
from apps.monai_label.server.accounts import Role, User
from apps.monai_label.server.application import PacsAccess, make_server
from apps.monai_label.server.audit_log import AuditLog
from apps.monai_label.server.gate import GateSettings
from apps.monai_label.server.services import Services
from apps.monai_label.server.sign_in import SignIn
from apps.monai_label.server.token_file import TokenFile, make_token_file
from apps.monai_label.server.viewer import Viewers

PET, CT, STUDY, OTHER_PET = "1.2.3.1", "1.2.3.2", "1.2.3", "1.2.4.1"
HOST = "127.0.0.1:8000"
USERS = (
    User("reader", Role.read),
    User("ann", Role.annotate),
    User("ben", Role.annotate),
    User("trainer", Role.train),
)


class FakeApp:
    """Two exams, a network and a click tool."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked = []
        self.saved = []
        self.version = 0
        self.author = ""
        self.fail = None
        self.hold = None
        self.started = threading.Event()
        self.training_now = None
        self.closed = False

    def models(self):
        options = {"levels": [1, 2], "strength": 1.5, "fine": False, "image": "", "model_filename": ""}
        return {
            "net": {"type": "segmentation", "labels": {"lesion": 1}, "dimension": 3, "config": options},
            "click": {"type": "deepedit", "labels": {"lesion": 1, "liver": 2}, "dimension": 3, "config": {}},
        }

    def model(self, name):
        return self.models().get(name)

    def strategies(self):
        return {"random": {"description": "any"}}

    def trainers(self):
        return {"net": {"description": "learns", "config": {"max_epochs": 5}}}

    def info(self):
        return {
            "name": "Uptake",
            "labels": ["lesion"],
            "models": self.models(),
            "strategies": self.strategies(),
            "trainers": self.trainers(),
            "train_stats": {},
            "datastore": {"total": 2, "completed": int(self.version > 0)},
        }

    def image_of(self, series_uid):
        if series_uid in {PET, CT}:
            return PET
        if series_uid == OTHER_PET:
            return OTHER_PET
        raise UnknownExam("No exam has that id.", remedy="Give a listed one.")

    def is_quick(self, model):
        return model == "click"

    def infer(self, wish):
        self.asked.append(wish)
        self.started.set()
        if self.hold is not None and wish.model == "net":
            self.hold.wait(20)
        if self.fail is not None:
            raise self.fail
        path = self.folder / f"answer-{len(self.asked)}{wish.params.get('result_extension', '.nii.gz')}"
        image = SimpleITK.Image(4, 3, 2, SimpleITK.sitkUInt8)
        image[1, 2, 0] = 1
        SimpleITK.WriteImage(image, str(path))
        return path, {"label_names": {"lesion": 1}}

    def infer_segmentation(self, wish):
        path = self.folder / "answer.dcm"
        path.write_bytes(b"\0" * 128 + b"DICM")
        return path

    def next_exam(self, strategy, params, user):
        self.asked.append((strategy, dict(params), user))
        return {"id": PET, "StudyInstanceUID": STUDY}

    def listing(self, everything):
        return {"objects": {PET: {}}} if everything else {"total": 2}

    def image_file(self, image_id):
        self.image_of(image_id)
        path = self.folder / "image.nii.gz"
        path.write_bytes(b"nifti")
        return path

    def image_info(self, image_id):
        return {"id": image_id}

    def label_file(self, uid, tag):
        path = self.folder / "label.nii.gz"
        path.write_bytes(b"label")
        return PET, self.version, path

    def label_info(self, uid, tag):
        return {"tag": tag}

    def truth_version(self, image_id):
        return self.version

    def study_versions(self, study_uid):
        return {PET: self.version} if study_uid == STUDY else {}

    def save_label(self, image_id, label):
        if self.version and self.author != label.author and label.expected_version != self.version:
            raise ConflictRefused(label.expected_version, self.version)
        self.saved.append((image_id, label, label.file.read_bytes()))
        self.version += 1
        self.author = label.author
        return {"sop_instance_uid": f"1.9.{self.version}", "version": self.version}

    def segmented_image(self, file):
        if b"not-ours" in file.read_bytes():
            raise UnknownExam("It belongs to no listed exam.", remedy="Draw on a listed one.")
        return PET

    def train(self, model, params):
        self.training_now = {"id": "1", "model": model, "params": dict(params), "status": "RUNNING"}
        return self.training_now

    def stop_training(self):
        self.training_now = {**(self.training_now or {}), "status": "STOPPED"}
        return self.training_now

    def training(self):
        return self.training_now

    def versions(self, model):
        return {"current": 1, "versions": [1]}

    def roll_back(self, model, version):
        return {"current": 1}

    def close(self):
        self.closed = True


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes


@dataclass
class Served:
    """The server with its parts in reach."""

    server: object
    app: FakeApp
    services: Services
    tokens: dict
    token_file: Path
    audit: Path
    extra: dict = field(default_factory=dict)

    def bearer(self, user):
        return {"Authorization": f"Bearer {self.tokens[user]}"}

    def audit_text(self):
        return "".join(path.read_text() for path in sorted(self.audit.glob("*.jsonl")))

    def ask(self, method, target, user=None, headers=None, body=b""):
        """One request over ASGI with exactly this path, as no client would tidy it."""
        sent = {"Host": HOST, **(self.bearer(user) if user else {}), **(headers or {})}
        return asyncio.run(call(self.server, method, target, sent, body))


def served(folder: Path, pacs: PacsAccess | None = None, viewers: Viewers | None = None, **gate) -> Served:
    tokens_path = folder / "tokens.json"
    tokens = make_token_file(tokens_path, USERS)
    app = FakeApp(folder)
    (folder / "work").mkdir()
    services = Services.in_folder(
        app, SignIn(TokenFile(tokens_path)), folder / "work", secure=gate.get("secure", False)
    )
    settings = GateSettings(frozenset({"127.0.0.1", "localhost"}), **gate)
    server = make_server(services, AuditLog(folder / "audit"), settings, pacs, viewers or Viewers())
    return Served(server, app, services, tokens, tokens_path, folder / "audit")


async def call(server, method, target, headers, body=b"") -> Answer:
    raw, _, query = target.partition("?")
    # As uvicorn gives it: the path decoded, and the raw path beside it.
    from urllib.parse import unquote

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(raw),
        "raw_path": raw.encode("ascii"),
        "root_path": "",
        "query_string": query.encode("ascii"),
        "headers": [(name.lower().encode(), str(value).encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }
    blocks = [body[at : at + 65536] for at in range(0, len(body), 65536)] or [b""]
    sent = [{"type": "http.request", "body": block, "more_body": n < len(blocks) - 1} for n, block in enumerate(blocks)]
    answer = Answer(0, {}, b"")
    done = asyncio.Event()

    async def receive():
        if sent:
            return sent.pop(0)
        await done.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    await server(scope, receive, send)
    done.set()
    return answer


def form(fields=None, files=None):
    """A multipart body with its Content-Type."""
    limit = "limit-of-the-form"
    lines = []
    for name, value in (fields or {}).items():
        lines += [f"--{limit}", f'Content-Disposition: form-data; name="{name}"', "", value]
    for name, (file_name, data) in (files or {}).items():
        lines += [f"--{limit}", f'Content-Disposition: form-data; name="{name}"; filename="{file_name}"']
        lines += ["Content-Type: application/octet-stream", "", data]
    lines += [f"--{limit}--", ""]
    body = b"\r\n".join(line if isinstance(line, bytes) else line.encode() for line in lines)
    return {"Content-Type": f"multipart/form-data; boundary={limit}"}, body
