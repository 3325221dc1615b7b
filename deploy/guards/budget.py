"""The budget of a stage (`sls deploy --param="budget=10"`). `make budget` reports, closes and opens.

make budget                   print how much is spent, and which functions are closed
make budget ARGS=resume       open them again, as after the last deployment
make budget ARGS=stop         close them, as a spent budget does
"""

import argparse

from deploy.guards import stack, stop

MISSING = (
    'There is no budget here: deploy with --param="budget=10" --param="alarm-email=you@example.com" first.'
)


def functions(deployed):
    """{name of a function: most containers, or None if it has no limit}."""
    own = deployed.resource("BudgetStop", MISSING)
    found = {}
    for entry in deployed.template().values():
        properties = entry.get("Properties", {})
        if entry["Type"] == "AWS::Lambda::Function" and properties["FunctionName"] != own:
            most = properties.get("ReservedConcurrentExecutions")
            found[properties["FunctionName"]] = int(most) if isinstance(most, (int, str)) else None
    return dict(sorted(found.items()))


def tell(deployed):
    """Print how much of the budget is spent, and which functions are closed."""
    name = deployed.resource("Budget", MISSING)
    account = deployed.client("sts").get_caller_identity()["Account"]
    budget = deployed.client("budgets").describe_budget(AccountId=account, BudgetName=name)["Budget"]
    spent = float(budget["CalculatedSpend"]["ActualSpend"]["Amount"])
    limit = float(budget["BudgetLimit"]["Amount"])
    print("$%.2f of $%.2f are spent this month, as far as AWS has counted." % (spent, limit))
    client = deployed.client("lambda")
    closed = [name for name in functions(deployed) if reserved(client, name) == 0]
    print("Closed: %s." % ", ".join(closed) if closed else "All functions are open.")


def reserved(client, name):
    """The most containers of a function, or None if it has no limit of its own."""
    return client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")


def close(deployed):
    """Do what a spent budget does."""
    client = deployed.client("lambda")
    faults = [fault for name in functions(deployed) for fault in stop.close(client, name)]
    if faults:
        raise stack.Refused("; ".join(faults))


def resume(deployed):
    """Open the functions as after the last deployment, with the containers that it keeps started."""
    client = deployed.client("lambda")
    for name, most in functions(deployed).items():
        if most is None:
            client.delete_function_concurrency(FunctionName=name)
        else:
            client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=most)
        print("%s is open%s" % (name, "" if most is None else ", with %d containers at most" % most))
    resources = deployed.template()
    for entry in resources.values():
        warm = entry["Type"] == "AWS::Lambda::Alias" and entry["Properties"].get(
            "ProvisionedConcurrencyConfig"
        )
        if warm:
            of = resources[entry["Properties"]["FunctionName"]["Ref"]]["Properties"]["FunctionName"]
            client.put_provisioned_concurrency_config(
                FunctionName=of, Qualifier=entry["Properties"]["Name"], **warm
            )
    print("This month's mark is passed, so that they stay open: deploy with a higher budget for a new one.")


def command(deployed, arguments):
    {"tell": tell, "stop": close, "resume": resume}[arguments.what](deployed)


def main(words=None):
    parser = argparse.ArgumentParser(description="The budget of a stage: tell, stop, resume.")
    parser.add_argument(
        "what",
        nargs="?",
        choices=["tell", "stop", "resume"],
        default="tell",
        help="print what is spent (by default), or close or open the functions",
    )
    stack.run(command, parser, words)


if __name__ == "__main__":
    main()
