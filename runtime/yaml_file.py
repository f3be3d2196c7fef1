"""YAML files of declarations."""

from pathlib import Path
from typing import Any

import yaml

MERGE = "tag:yaml.org,2002:merge"


class UniqueKeyLoader(yaml.SafeLoader):
    """Rejects a key that is declared twice; YAML libraries silently take the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        # `<<` is not a key: it adds those of another mapping, which the keys beside it may override.
        keys = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != MERGE]
        if repeated := {str(key) for key in keys if keys.count(key) > 1}:
            line = node.start_mark.line + 1
            raise yaml.YAMLError(
                f"{', '.join(sorted(repeated))} is declared twice in the mapping at line {line}"
            )
        return super().construct_mapping(node, deep)


def load_yaml(path: Path) -> Any:
    """The content of a file in UTF-8. ValueError with the position, on one line, if it is not YAML."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), UniqueKeyLoader)  # noqa: S506 - a subclass of SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(" ".join(str(error).split())) from error
