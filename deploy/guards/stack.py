"""The bucket, tables and functions of a deployed stack, for commands that look after it."""

import os
import sys

import boto3
import botocore.exceptions

SERVICE = "torch-on-lambda"


class Refused(Exception):
    """What was asked for cannot be done. The text is a sentence for the person who asked."""


class Stack:
    """The stack of a stage, in the region that serverless.yml deploys to."""

    def __init__(self, stage):
        self.stage, self.name = stage, "%s-%s" % (SERVICE, stage)
        # boto3 itself does not read the first, and would take a profile's region before the last
        self.region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"

    def client(self, service):
        return boto3.client(service, region_name=self.region)

    def resource(self, logical, missing):
        """The physical name of a resource. Raises Refused with the sentence
        `missing` if it does not exist.
        """
        formation = self.client("cloudformation")
        try:
            found = formation.describe_stack_resource(StackName=self.name, LogicalResourceId=logical)
        except botocore.exceptions.ClientError as error:
            # there is no stack, or no such resource in it
            if error.response["Error"]["Code"] == "ValidationError":
                raise Refused("%s (stack %s, %s)" % (missing, self.name, formation.meta.region_name))
            raise
        return found["StackResourceDetail"]["PhysicalResourceId"]

    def outputs(self):
        """{name: value} of what the stack tells; nothing if it does not exist."""
        try:
            found = self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"][0]
        except botocore.exceptions.ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return {}
            raise
        return {entry["OutputKey"]: entry["OutputValue"] for entry in found.get("Outputs", [])}

    def template(self):
        """{logical name: resource}, as CloudFormation got it."""
        return self.client("cloudformation").get_template(StackName=self.name)["TemplateBody"]["Resources"]


def run(command, parser, words=None):
    """Do what a command line says. An error of AWS or of the person becomes one sentence."""
    parser.add_argument("--stage", default="dev", help="of the stack")
    arguments = parser.parse_args(words)
    try:
        command(Stack(arguments.stage), arguments)
    except Refused as error:
        sys.exit(str(error))
    except botocore.exceptions.ClientError as error:
        sys.exit("AWS refuses: %s" % error.response["Error"].get("Message", error))
    except botocore.exceptions.BotoCoreError as error:
        sys.exit("AWS cannot be reached: %s" % error)
