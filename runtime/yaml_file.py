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


def construct_int(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    """Rejects `010` and `1:30`, which YAML 1.1 reads as 8 and as 90."""
    text = str(node.value)
    if ":" in text or (text.lstrip("+-").startswith("0") and text.lstrip("+-0_").isdigit()):
        line = node.start_mark.line + 1
        raise yaml.YAMLError(
            f"{text} at line {line} is not a decimal number; write it without a leading 0, or in quotes"
        )
    return loader.construct_yaml_int(node)


UniqueKeyLoader.add_constructor("tag:yaml.org,2002:int", construct_int)


def load_yaml(path: Path) -> Any:
    """The content of a file in UTF-8. ValueError with the position, on one line, if it is not YAML."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), UniqueKeyLoader)  # noqa: S506 - a subclass of SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(" ".join(str(error).split())) from error
    except RecursionError as error:
        raise ValueError("lists or mappings are nested too deeply") from error
