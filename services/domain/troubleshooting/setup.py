"""What is met before anything is sent: the connection, the integration, the bucket."""

from typing import Final

from services.domain.runs import Problem
from services.domain.troubleshooting.symptom import Symptom

CONNECTING: Final = (
    Symptom(
        code="wrong-region",
        title="The key is registered, and Encord does not know it",
        seen="Encord does not know this key, although it stands in Encord's settings.",
        why="The EU and the US service are two places that do not share keys. A key registered at "
        "app.us.encord.com is unknown to api.encord.com.",
        steps=(
            "Look at the address of Encord's page: app.us.encord.com is US, app.encord.com is EU.",
            "Choose that region on the Connect page and check again.",
            "For the server's key set ENCORD_ONBOARDING_DOMAIN.",
        ),
        page="connect",
        see=("key-unknown",),
    ),
    Symptom(
        code="key-unknown",
        title="Encord does not know the key",
        seen="Encord did not accept the key, or a run says so.",
        why="The public half of the key is not registered, was removed, or belongs to another "
        "region.",
        steps=(
            "Compare the fingerprint on the Connect page with the keys in Encord's settings.",
            "Register the public half (the file that ends in .pub), never the private one.",
            "If it is registered, choose the other region.",
        ),
        page="connect",
        problems=(Problem.NOT_AUTHENTICATED,),
        see=("wrong-region", "clock-off"),
    ),
    Symptom(
        code="key-unusable",
        title="The key cannot be read",
        seen="This key cannot be used.",
        why="It is a public key, of another kind than Ed25519, damaged by copying, or its "
        "passphrase is wrong.",
        steps=(
            "Give the private file, the one without .pub, with its first and last line.",
            "Give its passphrase if it has one.",
            "If in doubt make a new one: ssh-keygen -t ed25519.",
        ),
        page="connect",
        see=("key-unknown",),
    ),
    Symptom(
        code="clock-off",
        title="The clock of this machine is wrong",
        seen="Encord does not accept the signature; the page says how far the clock is off.",
        why="Signatures carry the time, and Encord refuses those that seem too old or too new.",
        steps=(
            "Switch on the machine's time service, for example timedatectl set-ntp true.",
            "Check the connection again. Runs that wait go on with Resume.",
        ),
        page="connect",
    ),
    Symptom(
        code="unreachable",
        title="Encord cannot be reached",
        seen="No connection to Encord could be made; nothing was sent.",
        why="The domain is mistyped, or a proxy or firewall is in the way.",
        steps=(
            "Check the domain on the Connect page.",
            "Try it from this machine: curl -sSI https://api.encord.com.",
            "Behind a proxy, start the server with HTTPS_PROXY set.",
        ),
        page="connect",
    ),
    Symptom(
        code="domain-unknown",
        title="The domain is refused here",
        seen="This domain cannot be used, or is not on the server's list.",
        why="A key is given only to addresses that the server's owner allows, over https.",
        steps=("Choose EU or US, or have the domain added to ENCORD_ONBOARDING_DOMAINS.",),
        page="connect",
    ),
    Symptom(
        code="not-allowed",
        title="The account may not do that",
        seen="Encord accepts the key and refuses what was asked.",
        why="The account lacks a role on the folder, the dataset or the workspace. Only admins of "
        "a folder or dataset may add to it.",
        steps=(
            "Ask an admin of the folder or dataset to add the account as admin.",
            "Then resume the run. What was done before stays.",
        ),
        page="connect",
        problems=(Problem.NOT_AUTHORIZED,),
        see=("user-role",),
    ),
    Symptom(
        code="not-found",
        title="Encord has nothing of that id",
        seen="A folder, dataset or item is not found, or a run says that it is gone.",
        why="It was deleted, or the account may not see it: Encord answers both in the same way.",
        steps=(
            "Open it in Encord with the account of this key.",
            "Restore it and resume, or choose another one.",
        ),
        page="connect",
        problems=(Problem.FOLDER_GONE, Problem.DATASET_GONE),
        see=("not-allowed",),
    ),
    Symptom(
        code="rate-limited",
        title="Encord or the storage asks to slow down",
        seen="Encord asks us to slow down, or entries fail with 429 or slow down.",
        why="Too many requests at once, often because other jobs read the same bucket.",
        steps=(
            "Wait. Runs come back by themselves when Encord says when.",
            "Retry failed entries later, with fewer entries in one upload job.",
        ),
        page="runs",
        causes=("rate-limited",),
    ),
    Symptom(
        code="unclear",
        title="An answer was not understood",
        seen="Encord's answer was not understood, or a reason is not known here.",
        why="The network broke off, Encord had trouble, or its message is new. Nothing is "
        "concluded from it: unknown stays unknown.",
        steps=(
            "Try again, or resume the run: nothing is sent twice.",
            "If it comes back, quote the reference to Encord's support.",
        ),
        page="runs",
        causes=("unknown",),
        problems=(Problem.UNEXPECTED, Problem.REQUEST_REFUSED),
    ),
)

INTEGRATION: Final = (
    Symptom(
        code="user-role",
        title="The integration is seen, and registering with it is refused",
        seen="Encord does not let this account register with the integration.",
        why="With the role User an integration can be seen, not used to register files. A removed "
        "integration is refused in the same way, and so is who may not add to the folder.",
        steps=(
            "Ask the integration's admin to make the account Admin, under Integrations in Encord.",
            "Try the integration on the Bucket page; then resume the run.",
        ),
        page="bucket",
        problems=(Problem.INTEGRATION_GONE,),
        see=("not-allowed",),
    ),
    Symptom(
        code="wrong-integration",
        title="The files belong to another integration",
        seen="Entries fail because their URL is outside the integration's bucket, or were asked "
        "for without an identity.",
        why="An integration reads one bucket. Of a URL of another bucket it knows nothing.",
        steps=(
            "Submit these entries through the integration of their bucket.",
            "Write the URLs as gs://bucket/name.",
        ),
        page="submit",
        causes=("url-foreign", "object-anonymous"),
    ),
    Symptom(
        code="integration-refused",
        title="The storage does not know the integration",
        seen="Entries fail with 401, invalid credentials or an unknown access key.",
        why="The integration's account or key was removed or disabled at the cloud provider.",
        steps=("Look at the integration in Encord and give it a valid identity.", "Retry."),
        page="bucket",
        causes=("integration-refused",),
    ),
    Symptom(
        code="strict-client-only",
        title="A strict integration needs media metadata",
        seen="Entries fail because their media metadata is missing.",
        why="A strict client-only integration does not let Encord open the files, so size, codec "
        "and length have to stand in the manifest.",
        steps=(
            "Check the manifest as for a strict integration and add what is missing.",
            "Or submit through an integration that may read the files.",
        ),
        page="manifest",
        causes=("media-metadata-missing",),
    ),
)

BUCKET: Final = (
    Symptom(
        code="cors",
        title="Files are registered, and do not open in Encord",
        seen="Encord's editor shows a CORS fault, or nothing at all.",
        why="The bucket's CORS rules do not admit Encord's pages. Google's console cannot change "
        "them. storage.cloud.google.com obeys no rule at all.",
        steps=(
            "Look at the tab CORS of the Bucket page and try an object live.",
            "Apply the rule it proposes, or paste its command.",
            "If the live test passes, look whether the object was moved: it looks the same.",
        ),
        page="bucket",
        causes=("cors",),
        see=("moved-file", "signed-url"),
    ),
    Symptom(
        code="moved-file",
        title="A file was moved, renamed or deleted",
        seen="Entries fail with 404 or no such object. Of a registered file, Encord's editor "
        "reports a CORS fault.",
        why="Encord stores the URL, not the file. The bucket has nothing at that URL any more.",
        steps=(
            "Compare the manifest with the bucket on the Manifest page.",
            "Put the file back or correct its URL, then retry.",
            "Names differ by case, and a blank is %20 in an https URL.",
        ),
        page="manifest",
        causes=("object-missing",),
        see=("cors", "bucket-missing"),
    ),
    Symptom(
        code="forbidden",
        title="A file is there, and may not be read",
        seen="Entries fail with 403, forbidden or access denied.",
        why="The integration's service account lacks the right to read the object or its prefix.",
        steps=(
            "Give it Storage Object Viewer on the bucket; the Bucket page writes the command.",
            "Wait a few minutes: Google's grants take that long.",
            "Retry the entries of this cause.",
        ),
        page="bucket",
        causes=("object-forbidden",),
        see=("bucket-policy", "integration-refused"),
    ),
    Symptom(
        code="bucket-missing",
        title="There is no bucket of that name",
        seen="Entries fail because their bucket does not exist.",
        why="The name in the URLs is mistyped, or the bucket was deleted.",
        steps=("Check the bucket's name on the Bucket page.", "Replace it in the manifest."),
        page="bucket",
        causes=("bucket-missing",),
    ),
    Symptom(
        code="bucket-policy",
        title="A policy of the bucket or its project keeps Encord out",
        seen="Entries fail because of billing, requester pays, an encryption key or a perimeter.",
        why="The object may be read by its role, and another rule of the project forbids it.",
        steps=(
            "Read the message: it names the policy.",
            "Ask the cloud administrator for what the failure's remedy says, then retry.",
        ),
        page="bucket",
        causes=("requester-pays", "billing-disabled", "encryption-key", "network-perimeter"),
        see=("forbidden",),
    ),
    Symptom(
        code="archived",
        title="The files are in an archive",
        seen="Entries fail because of their storage class.",
        why="Some classes must be restored before an object can be read.",
        steps=("Restore the objects to a standard class, then retry.",),
        page="bucket",
        causes=("object-archived",),
    ),
    Symptom(
        code="signed-url",
        title="A signed URL is not accepted",
        seen="Entries fail because a signature expired or does not match.",
        why="A signed URL ends after a while, and with the key that signed it. Encord stores it "
        "as it is and asks again for as long as the file is used.",
        steps=(
            "Use gs:// URLs with an integration: they never expire.",
            "Or sign again, for long enough, and submit the new URLs.",
        ),
        page="manifest",
        causes=("url-expired", "url-signature"),
    ),
    Symptom(
        code="storage-trouble",
        title="The storage did not deliver at that moment",
        seen="Entries fail with a time-out, 500, 503, or because the object was changed.",
        why="The storage or the way to it had trouble, or something wrote to the object.",
        steps=(
            "Wait until nothing writes to the bucket, then retry.",
            "If it stays: check the host in the URL, the file's size and the bucket's region.",
        ),
        page="runs",
        causes=("object-changed", "timed-out", "storage-unavailable", "unreachable"),
    ),
)
