"""Makes the SDK's default domain the sandbox's, for scripts that name none.

Python imports this by itself when its directory is on PYTHONPATH.
"""

import os

from encord import EncordUserClient

_method = EncordUserClient.create_with_ssh_private_key
_defaults = list(_method.__defaults__ or ())
_defaults[-1] = os.environ["SANDBOX_DOMAIN"]
_method.__defaults__ = tuple(_defaults)
