"""Weights and their records -> S3, where models/store/releases.py reads them.

    python -m training.publish cars words --bucket BUCKET     (without names: every model in weights/)
    python -m training.publish cars --rollback                (or --rollback VERSION); --list; --verify
The files and the record of a version go to models/NAME/VERSION/ and never change. Then the pointer
models/NAME/current.json moves. It remembers which versions were rolled back. `sls deploy` publishes with
--unless-rolled-back, so it does not undo a rollback.
"""

import argparse
import os
import sys

import boto3
import botocore.exceptions

from models import registry
from training.shelf import Refused, Shelf

LAST = "last"
SENTENCES = {  # by S3's error code, or by the status of a HEAD, which has no body
    "NoSuchBucket": "There is no bucket {bucket}. Deploy first, or name the right one with --bucket.",
    "AccessDenied": "You may not do this in {bucket}: your AWS user needs s3:ListBucket, s3:GetObject and "
    "s3:PutObject there.",
    "PermanentRedirect": "The bucket {bucket} is in another region than you: set AWS_REGION to its own.",
    "InvalidAccessKeyId": "AWS does not know this access key: check your credentials.",
    "SignatureDoesNotMatch": "AWS does not accept this secret key: check your credentials.",
    "ExpiredToken": "Your AWS session has ended: log in again.",
    "RequestTimeTooSkewed": "The clock of this machine is wrong: set it, and try again.",
    "PreconditionFailed": "Somebody else is publishing at this moment: look at --list, and try again.",
    "BadDigest": "A file was altered on its way to S3: try again.",
}
ALIASES = {
    "404": "NoSuchBucket",
    "403": "AccessDenied",
    "301": "PermanentRedirect",
    "AuthorizationHeaderMalformed": "PermanentRedirect",
    "IllegalLocationConstraintException": "PermanentRedirect",
    "ConditionalRequestConflict": "PreconditionFailed",
}
WITHOUT_S3 = {  # by the exception that boto3 raises before it calls S3
    "NoCredentialsError": "There are no AWS credentials here (%s): set AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY, or run `aws configure`.",
    "PartialCredentialsError": "Half of the AWS credentials is missing (%s).",
    "ProfileNotFound": "AWS_PROFILE names no profile (%s).",
    "NoRegionError": "No region is set (%s): set AWS_REGION.",
    "ParamValidationError": "That is no name of a bucket: it has letters, digits, dots and hyphens.%.0s",
}


def publish(shelf, unless_rolled_back=False):
    """Upload a model's version from weights/, and make it the current one. With
    `unless_rolled_back`, a version that was rolled back does not become current.
    """
    try:
        weights = registry.Weights(shelf.name, registry.folder())
        paths = weights.files(torch="2" if registry.torch_of(shelf.name) == "2" else "1.5.1").values()
    except registry.WeightsUnavailable as error:
        raise Refused("%s is not whole: %s." % (registry.folder(), error))
    # the record comes last, because it makes the version complete
    for path in [*paths, registry.folder() / (shelf.name + ".json")]:
        shelf.put(path, weights.record["version"])
    version, pointer = weights.record["version"], shelf.pointer()[0]
    if unless_rolled_back and version in pointer.get("rolled_back", []):
        print(
            "%s: %s stays current, since %s was rolled back; `make publish ARGS=%s` makes it current again."
            % (shelf.name, pointer["version"], version, shelf.name)
        )
    else:
        turn(shelf, version)


def roll_back(shelf, version):
    """Make an earlier version current again: the last one, or the one
    that is named. All of its files must be there.
    """
    before = shelf.pointer()[0].get("before", [])
    if version == LAST and not before:
        raise Refused("There is no version of %s before the current one." % shelf.name)
    version = before[-1] if version == LAST else version
    faults = shelf.faults(version)
    if faults:
        raise Refused("Version %s is not whole, and the pointer stays: %s." % (version, ", ".join(faults)))
    turn(shelf, version, back=True)


def turn(shelf, version, back=False):
    """Make a version the current one. `before` lists the earlier ones; going back shortens it."""
    pointer, etag = shelf.pointer()
    current, before, rolled_back = (
        pointer.get("version"),
        pointer.get("before", []),
        pointer.get("rolled_back", []),
    )
    if current == version:
        print("%s: %s is current already." % (shelf.name, version))
        return
    if before and before[-1] == version:
        before = before[:-1]
    elif current:
        before = before + [current]
    left = {*rolled_back, current} if back else set(rolled_back)
    shelf.move({"version": version, "before": before, "rolled_back": sorted(left - {version, None})}, etag)
    print("%s: %s is current now; it was %s." % (shelf.name, version, current or "none"))


def tell(shelf):
    """Print the versions of a model; say which is current, and which were rolled back."""
    pointer = shelf.pointer()[0]
    marks = {
        **dict.fromkeys(pointer.get("rolled_back", []), "  rolled back"),
        pointer.get("version"): "  current",
    }
    for version, came in shelf.versions().items():
        print("%s %s  %s%s" % (shelf.name, version, came.strftime("%Y-%m-%d %H:%M"), marks.get(version, "")))


def verify(shelf):
    """Read every version in full, and compare it with its record."""
    faults = {version: shelf.faults(version) for version in shelf.versions()}
    for version, keys in faults.items():
        print(
            "%s %s: %s" % (shelf.name, version, "altered or missing: " + ", ".join(keys) if keys else "whole")
        )
    current = shelf.pointer()[0].get("version")
    if current not in faults or any(faults.values()):
        raise Refused(
            "Something of %s is not as it was published." % shelf.name
            if current in faults
            else "%s has no current version." % shelf.name
        )


def arguments_given():
    parser = argparse.ArgumentParser(
        description="Publish weights to S3, where the deployed functions read them."
    )
    parser.add_argument("model", nargs="*", help="such as cars; by default all models in weights/")
    parser.add_argument(
        "--bucket",
        default=os.environ.get("WEIGHTS_BUCKET"),
        help="WEIGHTS_BUCKET by default; `sls info --verbose` names it",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--unless-rolled-back",
        action="store_true",
        help="do not move the pointer if this version was rolled back; `sls deploy` uses it",
    )
    what.add_argument(
        "--rollback",
        nargs="?",
        const=LAST,
        metavar="VERSION",
        help="make the previous version, or this one, current again",
    )
    what.add_argument("--list", action="store_true", help="print the published versions")
    what.add_argument("--verify", action="store_true", help="read all published files, and check them")
    return parser.parse_args()


def run(arguments):
    """Do what the arguments ask for, model by model. Raises Refused and the errors of boto3."""
    known = sorted(path.stem for path in registry.folder().glob("*.json"))
    unknown = [name for name in arguments.model if name not in known]
    if unknown:
        raise Refused("There is no model %s in weights/: there are %s." % (unknown[0], ", ".join(known)))
    if not arguments.bucket:
        raise Refused("Name the bucket with --bucket or WEIGHTS_BUCKET.")
    s3 = boto3.client("s3", region_name=os.environ.get("AWS_REGION"))  # because boto3 itself does not read it
    there, here = s3.head_bucket(Bucket=arguments.bucket).get("BucketRegion"), s3.meta.region_name
    if there and there != here:
        raise Refused(
            "The bucket %s is in %s, and you are in %s: set AWS_REGION=%s."
            % (arguments.bucket, there, here, there)
        )
    for name in arguments.model or known:
        shelf = Shelf(s3, arguments.bucket, name)
        if arguments.rollback:
            roll_back(shelf, arguments.rollback)
        elif arguments.list or arguments.verify:
            (tell if arguments.list else verify)(shelf)
        else:
            publish(shelf, arguments.unless_rolled_back)


def main():
    arguments = arguments_given()
    try:
        run(arguments)
    except Refused as error:
        sys.exit(str(error))
    except botocore.exceptions.ClientError as error:
        code = error.response["Error"]["Code"]
        sentence = SENTENCES.get(ALIASES.get(code, code), "S3 refuses (%s)." % error)
        sys.exit(sentence.format(bucket=arguments.bucket))
    except (botocore.exceptions.BotoCoreError, boto3.exceptions.Boto3Error) as error:
        sys.exit(WITHOUT_S3.get(type(error).__name__, "S3 cannot be reached: %s") % error)
    except KeyboardInterrupt:
        sys.exit("Stopped. What readers see has not changed, unless a line above says so.")


if __name__ == "__main__":
    main()
