"""Write tasks: rows among the runs that link, unlink or verify what is in Encord already."""

import hashlib
import uuid
from dataclasses import asdict, dataclass

import orjson
from sqlalchemy import Connection, select

from services.domain.runs import DatasetChoice, RunOptions, RunState, WorkKind, WorkState
from services.domain.tasks import Purpose, Question
from services.ledger import runs
from services.ledger.dialect import insert_into
from services.ledger.events import record, utc_now
from services.ledger.tables import RUN


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Everything a person decided about a task; the same task asked for twice is one."""

    purpose: Purpose
    name: str
    question: Question
    connection: str
    connection_label: str
    account: str
    #: The first run of the family that the task is about.
    about: str | None = None
    manifest: str = ""
    manifest_name: str = ""
    folder_name: str = ""
    dataset: DatasetChoice | None = None
    nonce: str
    created_by: str

    @property
    def idem(self) -> str:
        """The key that makes a double click, a second tab and a reload one task."""
        asked = f"{self.purpose} {self.account} {self.question.to_json()} {self.dataset}"
        return hashlib.sha256(f"{asked} {self.nonce}".encode()).hexdigest()


def create(cx: Connection, task: Task) -> str:
    """Record a task once and return its id; the same task gets the same id."""
    made, now = uuid.uuid4().hex, utc_now()
    dataset = task.dataset or DatasetChoice(uuid=task.question.dataset)
    inserted = cx.scalar(
        insert_into(cx, RUN)
        .values(
            id=made,
            idem=task.idem,
            name=task.name,
            purpose=task.purpose,
            question=task.question.to_json(),
            about=task.about,
            state=RunState.QUEUED,
            connection=task.connection,
            connection_label=task.connection_label,
            account=task.account,
            manifest=task.manifest,
            manifest_name=task.manifest_name,
            check_options=task.question.source.check,
            folder_uuid=task.question.folder,
            folder_name=task.folder_name,
            folder_description="",
            integration="",
            integration_title="",
            options=orjson.dumps(asdict(RunOptions())).decode(),
            dataset_uuid=dataset.uuid,
            dataset_title=dataset.title or None,
            dataset_description=dataset.description,
            root=made,
            created_by=task.created_by,
            created_at=now,
            updated_at=now,
        )
        .on_conflict_do_nothing(index_elements=[RUN.c.idem])
        .returning(RUN.c.id)
    )
    if inserted is None:
        return str(cx.execute(select(RUN.c.id).where(RUN.c.idem == task.idem)).scalar_one())
    first = WorkKind.DATASET if task.purpose is Purpose.CREATE else WorkKind.EXPECT
    runs.add_work(cx, made, first, state=WorkState.OPEN)
    record(cx, f"{task.purpose} asked", actor=task.created_by, run=made, detail=task.name)
    return made
