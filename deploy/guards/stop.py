"""Closes all functions of the stack when the budget is spent. This file is the code of a Lambda function
(guards.js puts it into the template), and `make budget ARGS=stop` calls it too.
"""

import os

import boto3
from botocore.exceptions import ClientError


def handler(event, context):
    """SNS calls this when AWS has counted the whole budget as spent. FUNCTIONS names the functions of the
    stack.
    """
    client = boto3.client("lambda")
    faults = [fault for name in os.environ["FUNCTIONS"].split(",") for fault in close(client, name)]
    if faults:
        raise RuntimeError("; ".join(faults))  # AWS tries twice more


def close(client, name):
    """Let no container of a function run. Returns what went wrong, so that the other functions are still
    closed.
    """
    faults = []
    try:  # containers that are kept started cost money, and the limit cannot be 0 while there are any
        for entry in client.list_provisioned_concurrency_configs(FunctionName=name)[
            "ProvisionedConcurrencyConfigs"
        ]:
            alias = entry["FunctionArn"].rpartition(":")[2]
            client.delete_provisioned_concurrency_config(FunctionName=name, Qualifier=alias)
    except ClientError as error:
        print("%s: %s" % (name, error))  # the next call shows whether this mattered
    try:
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
        print("%s is closed" % name)
    except ClientError as error:
        faults.append("%s: %s" % (name, error))
    return faults
