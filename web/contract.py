"""The paths and methods in openapi.yaml. They are read only if a request matches no route."""

import pathlib
from functools import lru_cache
from typing import Dict, List

FILE = pathlib.Path(__file__).parent.parent / "openapi.yaml"


@lru_cache(maxsize=None)
def methods() -> Dict[str, List[str]]:
    """Path -> its methods in capitals."""
    import yaml  # 25 ms, only for requests that match no route

    paths = yaml.safe_load(FILE.read_text())["paths"]
    return {path: [name.upper() for name in item if name in ("get", "post")] for path, item in paths.items()}
