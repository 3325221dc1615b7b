"""Changes to the contract, so that schemathesis can draw requests from it: tests/NAME/drawn.py uses this."""


def json_schema(operation):
    """The schema of an operation's JSON body."""
    return operation["requestBody"]["content"]["application/json"]["schema"]


def without(schema, names):
    """Remove these properties from a schema and from everything inside it."""
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else []:
        without(part, names)
    if isinstance(schema, dict):
        for name in names & set(schema.get("properties", {})):
            del schema["properties"][name]
