"""What makes two clicks one decision where the same question may be asked again later."""

from components import session
from components.runtime import get_runtime


def of(purpose: str) -> str:
    """Return a token that stays until another answer is there: a receipt newer than the click."""
    newest = get_runtime().ledger.receipts(limit=1)
    return f"{session.nonce(purpose)} {newest[0].id if newest else ''}"
