"""An AWS on loopback that is good enough for a real `sls deploy`: moto's server, with additions to its
CloudFormation.

python tests/deploy/fake_aws.py      prints its address, and serves until it is ended
A resource type that is not modelled is an error. A stack fails if one of its resources cannot be made. A
bucket with objects cannot be deleted.
"""

import functools
import html
import json
import random
import time
import traceback

from moto.apigatewayv2.models import apigatewayv2_backends
from moto.awslambda import models as functions
from moto.budgets.models import budgets_backends
from moto.cloudformation import models as cloudformation, parsing
from moto.cloudformation.exceptions import ValidationError
from moto.core.common_models import CloudFormationModel
from moto.ecr.models import Repository
from moto.s3.models import FakeBucket, PublicAccessBlock, s3_backends
from moto.server import ThreadedMotoServer
from moto.stepfunctions.models import StateMachine
from moto.utilities.utils import get_partition

MODELS = []  # kept here because moto finds them by __subclasses__(), which holds weak references
PAST_THEIR_DATE = {"E2531", "E2533"}  # rules about runtimes that depend on today's date
OF_A_WRITER = "'arn:aws:states:::s3:putObject'"  # cfn-lint 1.26 expects a string as ResultWriter


def lower_first(value):
    """CloudFormation's CamelCase -> the camelCase of the API's JSON."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: lower_first(inner) for key, inner in value.items()}
    return [lower_first(inner) for inner in value] if isinstance(value, list) else value


class Modelled:
    """A resource of a stack. Its class has three functions: `made`, `gone` and `changed`."""

    changed = None

    def __init__(self, physical_id, values, properties):
        self.physical_resource_id, self.values, self.properties = physical_id, values, properties

    @staticmethod
    def cloudformation_name_type():
        return ""

    @classmethod
    def cloudformation_type(cls):
        return cls.kind

    @classmethod
    def has_cfn_attr(cls, attr):
        return attr in ("ApiEndpoint", "ApiId")

    def get_cfn_attribute(self, attr):
        return self.values[attr]

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name, cloudformation_json, account_id, region_name, **also
    ):
        properties = cloudformation_json["Properties"]
        return cls(*cls.made(properties, account_id, region_name), properties)

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name
    ):
        properties = cloudformation_json["Properties"]
        if cls.changed:
            cls.changed(original_resource, properties, account_id, region_name)
            return cls(original_resource.physical_resource_id, original_resource.values, properties)
        original_resource.delete(account_id, region_name)
        return cls(*cls.made(properties, account_id, region_name), properties)

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name):
        pass

    def delete(self, account_id, region_name):
        self.gone(self, account_id, region_name)


def model(kind, create, delete=lambda resource, account, region: None, update=None):
    """Add one type to moto's CloudFormation: create(properties, account, region) -> (physical id, {attribute:
    value}).
    """
    functions_of_it = {
        "made": staticmethod(create),
        "gone": staticmethod(delete),
        "changed": staticmethod(update) if update else None,
    }
    module = "moto.fake_aws.models"  # moto's metaclass reads the service's name from it
    MODELS.append(
        type(CloudFormationModel)(
            "Resource",
            (Modelled, CloudFormationModel),
            {"kind": kind, "__module__": module, **functions_of_it},
        )
    )


def gateway(account, region):
    return apigatewayv2_backends[account][region]


API_KEYS = (
    "api_key_selection_expression",
    "description",
    "disable_schema_validation",
    "disable_execute_api_endpoint",
    "name",
    "route_selection_expression",
    "version",
)
INTEGRATION_KEYS = (
    "connection_id",
    "connection_type",
    "content_handling_strategy",
    "credentials_arn",
    "description",
    "integration_method",
    "integration_subtype",
    "integration_type",
    "integration_uri",
    "passthrough_behavior",
    "payload_format_version",
    "request_parameters",
    "request_templates",
    "response_parameters",
    "template_selection_expression",
    "timeout_in_millis",
    "tls_config",
)
ROUTE_KEYS = (
    "api_key_required",
    "authorization_scopes",
    "authorization_type",
    "authorizer_id",
    "model_selection_expression",
    "operation_name",
    "request_models",
    "request_parameters",
    "route_key",
    "route_response_selection_expression",
    "target",
)


def given(properties, keys):
    """moto's arguments from CloudFormation's properties."""
    return {key: properties.get("".join(part.capitalize() for part in key.split("_"))) for key in keys}


def api_arguments(properties):
    return {
        **given(properties, API_KEYS),
        "cors_configuration": lower_first(properties.get("CorsConfiguration")),
    }


def create_api(properties, account, region):
    made = gateway(account, region).create_api(
        protocol_type=properties["ProtocolType"], tags={}, **api_arguments(properties)
    )
    return made.api_id, {"ApiEndpoint": made.api_endpoint, "ApiId": made.api_id}


def create_stage(properties, account, region):
    settings = {key: value for key, value in properties.items() if key != "ApiId"}
    gateway(account, region).create_stage(properties["ApiId"], lower_first(settings))
    return properties["StageName"], {}


def create_integration(properties, account, region):
    return gateway(account, region).create_integration(
        api_id=properties["ApiId"], **given(properties, INTEGRATION_KEYS)
    ).id, {}


def create_route(properties, account, region):
    return gateway(account, region).create_route(
        api_id=properties["ApiId"], **given(properties, ROUTE_KEYS)
    ).route_id, {}


def part_of_an_api(word):
    """Delete a stage, an integration or a route, unless it was deleted with its API."""

    def delete(resource, account, region):
        backend = gateway(account, region)
        if resource.properties["ApiId"] in backend.apis:
            getattr(backend, "delete_" + word)(resource.properties["ApiId"], resource.physical_resource_id)

    return delete


def create_policy(properties, account, region):
    s3_backends[account][get_partition(region)].put_bucket_policy(
        properties["Bucket"], json.dumps(properties["PolicyDocument"]).encode()
    )
    return properties["Bucket"] + "-policy", {}


model(
    "AWS::ApiGatewayV2::Api",
    create_api,
    lambda resource, account, region: gateway(account, region).delete_api(resource.physical_resource_id),
    lambda resource, properties, account, region: gateway(account, region).update_api(
        api_id=resource.physical_resource_id, **api_arguments(properties)
    ),
)
model("AWS::ApiGatewayV2::Stage", create_stage, part_of_an_api("stage"))
model("AWS::ApiGatewayV2::Integration", create_integration, part_of_an_api("integration"))
model("AWS::ApiGatewayV2::Route", create_route, part_of_an_api("route"))
model("AWS::S3::BucketPolicy", create_policy)


def create_budget(properties, account, region):
    name = "budget-%s" % random.randrange(16**8)
    notifications = properties["NotificationsWithSubscribers"]
    budgets_backends[account]["aws"].create_budget(
        account, {**properties["Budget"], "BudgetName": name}, notifications
    )
    return name, {}


model(
    "AWS::Budgets::Budget",
    create_budget,
    lambda resource, account, region: budgets_backends[account]["aws"].delete_budget(
        account, resource.physical_resource_id
    ),
)
model("AWS::SNS::TopicPolicy", lambda properties, account, region: (properties["Topics"][0] + "-policy", {}))
# an alarm does nothing here, because no metrics are recorded
model("AWS::CloudWatch::Alarm", lambda properties, account, region: (properties["AlarmDescription"], {}))


def around(owner, name):
    """Replace owner.name by a function. It gets the original and then the arguments."""

    def put(function):
        before = owner.__dict__[name]
        is_class_method = isinstance(before, classmethod)
        before = before.__func__ if is_class_method else before
        after = functools.wraps(before)(lambda *arguments, **named: function(before, *arguments, **named))
        setattr(owner, name, classmethod(after) if is_class_method else after)
        return function

    return put


@around(FakeBucket, "get_permission")
def permission(before, bucket, action, resource):
    """Statements with a condition, such as "only TLS", do not apply here. moto would deny access because of
    them.
    """
    whole = bucket.policy
    if whole is None:
        return before(bucket, action, resource)
    policy = json.loads(whole)
    bucket.policy = json.dumps(
        {**policy, "Statement": [one for one in policy["Statement"] if "Condition" not in one]}
    ).encode()
    try:
        return before(bucket, action, resource)
    finally:
        bucket.policy = whole


@around(FakeBucket, "create_from_cloudformation_json")
def bucket_with_its_settings(before, kind, name, given_json, *arguments, **named):
    """Add what moto's CloudFormation leaves out of a bucket."""
    bucket, properties = before(kind, name, given_json, *arguments, **named), given_json.get("Properties", {})
    block = properties.get("PublicAccessBlockConfiguration", {})
    names = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")
    bucket.public_access_block = PublicAccessBlock(
        **{key: str(value).lower() for key, value in given(block, names).items()}
    )
    bucket.versioning_status = properties.get("VersioningConfiguration", {}).get("Status")
    return bucket


@around(functions.LambdaFunction, "create_from_cloudformation_json")
def function_with_its_image(
    before, kind, resource_name, cloudformation_json, account_id, region_name, **named
):
    """Add what moto's CloudFormation leaves out of a function."""
    backend, properties = (
        functions.lambda_backends[account_id][region_name],
        cloudformation_json["Properties"],
    )
    create = backend.create_function
    extras = {
        key: properties[key] for key in ("Architectures", "PackageType", "ImageConfig") if key in properties
    }
    backend.create_function = lambda specification: create({**specification, **extras})
    try:
        return before(kind, resource_name, cloudformation_json, account_id, region_name, **named)
    finally:
        del backend.create_function


@around(StateMachine, "create_from_cloudformation_json")
def machine_of_its_definition(before, kind, name, given_json, *arguments, **named):
    """Use Definition, because moto's CloudFormation reads only DefinitionString."""
    properties = given_json["Properties"]
    told = {**properties, "DefinitionString": json.dumps(properties["Definition"])}
    return before(kind, name, {**given_json, "Properties": told}, *arguments, **named)


@around(cloudformation.CloudFormationBackend, "validate_template")
def errors_alone(before, backend, template):
    """Ignore the warnings of cfn-lint, on which moto would fail."""
    return [
        match
        for match in before(backend, template)
        if match.rule.severity == "error"
        and match.rule.id not in PAST_THEIR_DATE
        and not (match.rule.id == "E3601" and OF_A_WRITER in match.message)
    ]


@around(cloudformation.CloudFormationBackend, "describe_stack_resource")
def described_resource(before, backend, stack_name, logical_resource_id):
    """As in moto, but moto fails for kinds of resources that it keeps as None."""
    stack = backend.get_stack(stack_name)
    for resource in filter(None, stack.stack_resources):
        if resource.logical_resource_id == logical_resource_id:
            return stack, resource
    raise ValidationError(stack_name, "Resource %s does not exist" % logical_resource_id)


@around(cloudformation.CloudFormationBackend, "execute_change_set")
def executed(before, backend, change_set_name, stack_name=None):
    """Fill in the outputs, and let the stack fail if something cannot be made."""
    changes = next(
        entry
        for key, entry in reversed(list(backend.change_sets.items()))
        if change_set_name in (key, entry.change_set_name)
        and entry.stack_id in backend.stacks
        and (not stack_name or stack_name in (entry.stack_name, entry.stack_id))
    )
    stack = backend.stacks[changes.stack_id]
    try:
        before(backend, changes.change_set_id, stack_name)
        stack._parse_template()
        stack.output_map = stack._create_output_map()
        list(stack.output_map.values())
    except Exception as error:  # as in AWS: any error of a resource lets the stack fail
        traceback.print_exc()
        verb, changes.execution_status = changes.change_set_type, "EXECUTE_FAILED"
        failed = "ROLLBACK_COMPLETE" if verb == "CREATE" else "UPDATE_ROLLBACK_COMPLETE"
        stack._add_stack_event(verb + "_FAILED", resource_status_reason=html.escape(repr(error)))
        stack._add_stack_event(failed, resource_status_reason=html.escape(repr(error)))
        stack.status = failed


@around(cloudformation.CloudFormationBackend, "delete_stack")
def deleted(before, backend, name_or_id):
    """Keep a stack whose bucket has objects or versions of them."""
    stack = next(
        (entry for entry in backend.stacks.values() if name_or_id in (entry.name, entry.stack_id)), None
    )
    if stack is None:
        return
    full = [
        entry.name
        for entry in stack.resource_map._parsed_resources.values()
        if isinstance(entry, FakeBucket) and entry.keys
    ]
    if full:
        stack._add_stack_event("DELETE_IN_PROGRESS", resource_status_reason="User Initiated")
        stack._add_stack_event(
            "DELETE_FAILED", resource_status_reason="The bucket you tried to delete is not empty: " + full[0]
        )
        stack.status = "DELETE_FAILED"
    else:
        before(backend, stack.stack_id)


described = Repository.response_object.fget
# the SDK for JavaScript expects seconds as a date, not text
Repository.response_object = property(lambda repository: {**described(repository), "createdAt": time.time()})
class_of = parsing.resource_class_from_type


def class_of_what_is_modelled(kind):
    """Raise an error for a type that is not modelled, instead of leaving it out silently."""
    found = class_of(kind)
    if found is None and kind not in parsing.NULL_MODELS:
        raise ValidationError(message="fake_aws does not model " + kind)
    return found


parsing.resource_class_from_type = class_of_what_is_modelled


def main():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    print("http://127.0.0.1:%d" % server._server.socket.getsockname()[1], flush=True)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main()
