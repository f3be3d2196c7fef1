"""Laws of generations, whatever is done in whatever order, and after a kill at any moment."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import google_crc32c
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sandbox.process import REPOSITORY
from sandbox.state import State
from sandbox.storage import answer
from sandbox.storage.objects import Storage
from sandbox.storage.resources import digest

# Names that no file can have are among them, and names in each other's way.
QUOTED = {name: quote(name, safe="") for name in ("a", "a/b", "a/b/c", "b/", "b//c", "../a", "ü")}
NAMES = st.sampled_from(list(QUOTED))
CONDITIONS = st.sampled_from(["", "ifGenerationMatch", "ifGenerationNotMatch"])


def call(storage, method, path, query="", body=b""):
    response = answer(storage, method, path, query, {}, body)
    return response.status_code, json.loads(bytes(response.body) or b"null")


def opened(root):
    storage = Storage(State(root, 1))
    call(storage, "POST", "/storage/v1/b", "project=sandbox-local", b'{"name": "law-bucket"}')
    return storage


class Objects(RuleBasedStateMachine):
    """The model: name to (generation, content). A write happens if, and only if, its precondition holds."""

    def __init__(self):
        super().__init__()
        self.folder = TemporaryDirectory()
        self.model = {}
        self.greatest = 0
        self.storage = opened(Path(self.folder.name))

    @rule()
    def reopen(self):
        self.storage.close()
        self.storage = opened(Path(self.folder.name))

    def condition(self, kind, name, right):
        """A query, and whether it holds."""
        if not kind:
            return "", True
        generation = self.model.get(name, (0,))[0]
        query = f"{kind}={generation if right else generation + 1}"
        return query, right == (kind == "ifGenerationMatch")

    @rule(name=NAMES, content=st.binary(max_size=8), kind=CONDITIONS, right=st.booleans())
    def put(self, name, content, kind, right):
        query, holds = self.condition(kind, name, right)
        path = "/upload/storage/v1/b/law-bucket/o"
        code, resource = call(
            self.storage, "POST", path, f"uploadType=media&name={QUOTED[name]}&{query}", content
        )
        assert code == (200 if holds else 412)
        if holds:
            generation = int(resource["generation"])
            assert generation > self.greatest and resource["metageneration"] == "1"
            self.greatest = generation
            self.model[name] = (generation, content)

    @rule(name=NAMES, kind=CONDITIONS, right=st.booleans())
    def delete(self, name, kind, right):
        query, holds = self.condition(kind, name, right)
        code, _ = call(self.storage, "DELETE", f"/storage/v1/b/law-bucket/o/{QUOTED[name]}", query)
        if name not in self.model:
            assert code == 404
        elif holds:
            assert code == 204
            del self.model[name]
        else:
            assert code == 412

    @rule(source=NAMES, copy=NAMES)
    def copy(self, source, copy):
        path = f"/storage/v1/b/law-bucket/o/{QUOTED[source]}/copyTo/b/law-bucket/o/{QUOTED[copy]}"
        code, resource = call(self.storage, "POST", path)
        assert code == (200 if source in self.model else 404)
        if code == 200:
            self.greatest = int(resource["generation"])
            self.model[copy] = (self.greatest, self.model[source][1])

    @invariant()
    def everything_is_there_once_and_in_order(self):
        _, listed = call(self.storage, "GET", "/storage/v1/b/law-bucket/o")
        listing = [(item["name"], int(item["generation"])) for item in listed.get("items", [])]
        expected = sorted(self.model, key=lambda name: name.encode())
        assert listing == [(name, self.model[name][0]) for name in expected]
        for name, (_, content) in self.model.items():
            path = f"/storage/v1/b/law-bucket/o/{QUOTED[name]}"
            assert answer(self.storage, "GET", path, "alt=media", {}, b"").body == content

    @invariant()
    def no_file_is_left_over(self):
        assert count_generations(self.storage) == len(self.model)

    def teardown(self):
        self.storage.close()
        self.folder.cleanup()


def count_generations(storage):
    """Files that hold contents, wherever they are."""
    contents = storage.contents
    return sum(
        path.is_file()
        for root in (contents.buckets, contents.parts, contents.others)
        for path in root.rglob("*")
    )


TestObjects = Objects.TestCase
TestObjects.settings = settings(max_examples=40, stateful_step_count=20)

WRITER = """
import random, sys
from pathlib import Path
from sandbox.state import State
from sandbox.storage import answer
from sandbox.storage.objects import Storage
storage = Storage(State(Path(sys.argv[1]), 1))

def write(name):
    content = random.randbytes(random.randrange(200_000))
    answer(storage, "POST", "/upload/storage/v1/b/law-bucket/o", f"uploadType=media&name={name}", {}, content)

for name in "abc":
    write(name)
print("ready", flush=True)
while True:
    name = random.choice("abc")
    if random.random() < 0.3:
        answer(storage, "DELETE", f"/storage/v1/b/law-bucket/o/{name}", "", {}, b"")
    write(name)
"""


@pytest.mark.parametrize("versioned", ["true", "false"])
def test_a_kill_leaves_every_object_whole(tmp_path, versioned):
    storage = opened(tmp_path)
    versioning = f'{{"versioning": {{"enabled": {versioned}}}}}'
    call(storage, "PATCH", "/storage/v1/b/law-bucket", "", versioning.encode())
    storage.close()
    for round_ in range(4):
        command = [sys.executable, "-c", WRITER, str(tmp_path)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPOSITORY)
        assert writer.stdout is not None and writer.stdout.readline() == b"ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            writer.wait(0.05 + 0.03 * round_)
        os.kill(writer.pid, signal.SIGKILL)
        writer.communicate()
        storage = opened(tmp_path)
        _, listed = call(storage, "GET", "/storage/v1/b/law-bucket/o", "versions=true")
        for item in listed.get("items", []):
            path, query = (
                f"/storage/v1/b/law-bucket/o/{item['name']}",
                f"alt=media&generation={item['generation']}",
            )
            content = answer(storage, "GET", path, query, {}, b"").body
            assert digest(google_crc32c.value(content).to_bytes(4)) == item["crc32c"]
        live = [item["name"] for item in listed.get("items", []) if "timeDeleted" not in item]
        assert len(live) == len(set(live)) >= 2  # the third may have been deleted a moment before
        assert sorted(path.name for path in (tmp_path / "storage/law-bucket").iterdir()) == live
        assert count_generations(storage) == len(listed["items"])
        storage.close()


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("GET", "/storage/v1/b/law-bucket/o", "softDeleted=true"),
        ("GET", "/storage/v1/b/law-bucket/o/a", "softDeleted=True&generation=1"),
        ("POST", "/storage/v1/b/law-bucket/o/a/restore", "generation=1"),
        ("POST", "/storage/v1/b/law-bucket/o/bulkRestore", ""),
    ],
)
def test_soft_deleted_objects_are_refused_and_not_answered_with_live_ones(tmp_path, method, path, query):
    storage = opened(tmp_path)
    call(storage, "POST", "/upload/storage/v1/b/law-bucket/o", "uploadType=media&name=a", b"live")
    status, body = call(storage, method, path, query)
    assert (status, body["error"]["message"]) == (
        501,
        "Soft-deleted objects are not implemented: use versions of objects.",
    )
    assert call(storage, "GET", "/storage/v1/b/law-bucket/o", "softDeleted=false")[0] == 200
    storage.close()
