"""What a trial does, in order, and the folder that it does it in."""

from enum import StrEnum
from typing import Final

from services.domain.bucket_checks import BucketCheck, CheckVerdict

FOLDER: Final = "Encord Onboarding trial {token}"


class Step(StrEnum):
    """What a trial does, in order."""

    OBJECT = "object"
    FOLDER = "folder"
    REGISTER = "register"
    ITEM = "item"
    OPEN = "open"
    CLEAN_UP = "clean-up"


TITLES: Final = {
    Step.OBJECT: "Choose an object",
    Step.FOLDER: "Make a folder",
    Step.REGISTER: "Register",
    Step.ITEM: "Item appears",
    Step.OPEN: "Signed URL opens",
    Step.CLEAN_UP: "Clean up",
}


def passed(step: Step, asked: str, got: str) -> BucketCheck:
    """Return a step that came out as it should."""
    return BucketCheck(
        code=f"trial-{step}", title=TITLES[step], verdict=CheckVerdict.PASS, asked=asked, got=got
    )
