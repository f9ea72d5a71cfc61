"""Take away what a trial left at Encord, whatever ended it."""

from collections.abc import Iterator

from services.buckets.trial_steps import FOLDER, TITLES, Step, passed
from services.domain.bucket_checks import BucketCheck, CheckVerdict
from services.encord_api.errors import EncordError, NotAuthorised, NotFound
from services.encord_api.interface import EncordGateway
from services.ledger.buckets import BucketRecords


def clean_up(
    gateway: EncordGateway, records: BucketRecords, trial: str, *, may_come: bool = False
) -> BucketCheck:
    """Delete what a trial left at Encord; asking again for what is gone changes nothing.

    Args:
        gateway: Encord.
        records: Where it is noted that nothing is left.
        trial: Its id.
        may_come: The folder may still appear, so that finding none decides nothing.
    """
    name = FOLDER.format(token=trial[:12])
    asked = f"Delete the folder {name} and its item"
    try:
        folders = list(_folders(gateway, records, trial, name))
        for folder in folders:
            _delete(gateway, folder, name)
    except EncordError as error:
        return BucketCheck(
            code=f"trial-{Step.CLEAN_UP}",
            title=TITLES[Step.CLEAN_UP],
            verdict=CheckVerdict.WARN,
            asked=asked,
            got=str(error),
            needed=f"Delete the folder {name} in Encord, or clean up again.",
        )
    if may_come and not folders:
        return BucketCheck(
            code=f"trial-{Step.CLEAN_UP}",
            title=TITLES[Step.CLEAN_UP],
            verdict=CheckVerdict.WARN,
            asked=asked,
            got="It is not there now; whether Encord still makes it is not known",
            needed="Clean up again in a minute.",
        )
    records.note_clean(trial)
    return passed(Step.CLEAN_UP, asked, "Gone")


def _folders(
    gateway: EncordGateway, records: BucketRecords, trial: str, name: str
) -> Iterator[str]:
    """Return the trial's folder; looked for by name where its id was never heard of."""
    known = records.folder_of(trial)
    if known:
        yield known
        return
    yield from [each.uuid for each in gateway.find_folders(name) if each.name == name]


def _delete(gateway: EncordGateway, folder: str, name: str) -> None:
    try:
        items = [each.uuid for page in gateway.list_items(folder) for each in page]
        if items:
            gateway.delete_items(folder, items)
        gateway.delete_folder(folder)
    except (NotFound, NotAuthorised):
        # Encord refuses what is gone like what is not ours; gone is what it does not list.
        if any(each.uuid == folder for each in gateway.find_folders(name)):
            raise
