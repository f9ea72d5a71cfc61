"""Which folder or dataset a refusal is about, for Encord does not say.

A folder that was deleted is refused as one that the account may not see, and a job, an item or a
row that is not found does not say where it was. So the places of a step are asked for by
themselves. What is known then is that this account is shown none; why, only Encord knows.
"""

from collections.abc import Callable, Iterator
from typing import Final

from services.domain.runs import Problem, WorkKind
from services.encord_api.errors import EncordError, NotAuthorised, NotFound
from services.engine.context import Step
from services.engine.errors import NotConnectedError, StopError
from services.engine.proof import asking

#: Steps that speak of a dataset; all but the first of them speak of a folder's items too.
_OF_DATASETS: Final = (WorkKind.DATASET, WorkKind.LINK, WorkKind.UNLINK, WorkKind.VERIFY)


def place_gone(step: Step) -> StopError | None:
    """Return what to stop with when a place of a step is not there for its account."""
    for problem, what, ask, uuid in _places(step):
        if uuid and _is_hidden(ask, uuid):
            return StopError(problem, f"Encord has no {what} {uuid} that this account may see.")
    return None


def is_past_hearing(step: Step) -> bool:
    """Whether nothing more can be heard of a cancelled run, for its folder is not there.

    A run that nobody cancelled waits instead: the folder may be restored, or access be given.
    """
    return step.run.cancel_requested and place_gone(step) is not None


def _places(step: Step) -> Iterator[tuple[Problem, str, Callable[[str], object], str | None]]:
    kind, run = step.claim.kind, step.run
    question = asking.question_of(run)
    if kind in _OF_DATASETS:
        yield Problem.DATASET_GONE, "dataset", step.gateway.get_dataset, question.dataset
    if kind is not WorkKind.DATASET:
        selected = question.source.id if question.source.teller == "folder" else None
        yield Problem.FOLDER_GONE, "folder", step.gateway.get_folder, run.folder_uuid or selected


def _is_hidden(ask: Callable[[str], object], uuid: str) -> bool:
    try:
        ask(uuid)
    except (NotFound, NotAuthorised):
        return True
    except (EncordError, NotConnectedError):
        return False
    return False
