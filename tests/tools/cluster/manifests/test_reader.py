"""Folders of manifests: what counts, what is named as unreadable, what is never looked at."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.cluster.manifests import folder as folder_module
from tools.cluster.manifests.object import as_live
from tools.cluster.manifests.reader import SnapshotReader, open_folder
from tools.errors import UnknownName
from tools.objects.kinds import KINDS
from tools.types import ALL, ClusterConfig, ClusterSource, Target

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s, namespace: %s}\nspec: {containers: []}\n"
Write = Callable[[dict[str, str]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(files: dict[str, str]) -> Path:
        root = tmp_path / "manifests"
        root.mkdir(exist_ok=True)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        return root

    return written


async def opened(root: Path, **settings: bool) -> SnapshotReader:
    return await open_folder(
        ClusterConfig("demo", ClusterSource.FOLDER, folder=str(root), **settings)
    )


async def names(reader: SnapshotReader, kind: str = "Pod", *namespaces: str) -> list[str]:
    listing = await reader.list(KINDS[kind], namespaces or ALL)
    return [f"{o.metadata.namespace}/{o.metadata.name}" for o in listing.objects]


async def gaps(reader: SnapshotReader, kind: str = "Pod") -> list[tuple[str, str]]:
    return [(gap.what, gap.why) for gap in (await reader.list(KINDS[kind])).gaps]


async def test_every_shape_of_manifest_counts(write: Write) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "json", "namespace": "a"}}
    bare = {"metadata": {"name": "typed", "namespace": "a"}}
    root = write(
        {
            "many.yaml": "---\n"
            + POD % ("one", "a")
            + "---\n# nothing\n---\n"
            + POD % ("two", "b"),
            "list.yml": "kind: List\napiVersion: v1\nitems:\n- "
            + (POD % ("three", "a")).replace("\n", "\n  "),
            "deep/er/dump.json": json.dumps({"kind": "List", "apiVersion": "v1", "items": [pod]}),
            "typed.json": json.dumps({"kind": "PodList", "apiVersion": "v1", "items": [bare]}),
            "README.md": "not read",
        }
    )
    reader = await opened(root)
    assert await names(reader) == ["a/json", "a/three", "a/one", "b/two", "a/typed"]
    assert await names(reader, "Pod", "b") == ["b/two"]
    assert await gaps(reader) == []


async def test_one_file_alone_can_be_read(write: Write) -> None:
    root = write({"a.yaml": POD % ("a", "x"), "b.yaml": POD % ("b", "x")})
    assert await names(await opened(root / "b.yaml")) == ["x/b"]


async def test_what_does_not_parse_is_named_with_its_line_and_the_rest_counts(write: Write) -> None:
    root = write(
        {
            "a.yaml": POD % ("before", "x") + "---\na: [1,\nb: 2\n---\n" + POD % ("after", "x"),
            "b.json": '{"kind": "Pod",\n "apiVersion": v1}',
            "c.json": '{"kind": "Pod",\n',
            "d.yaml": "{{- if .Values.on }}\nkind: Pod\n{{- end }}\n",
            "e.yaml": POD % ("other", "x"),
        }
    )
    reader = await opened(root)
    assert await names(reader) == ["x/before", "x/after", "x/other"]
    found = await gaps(reader)
    assert [what for what, _ in found] == ["a.yaml:7", "b.json:2", "c.json:1", "d.yaml:1"]
    assert found[3][1].endswith("it looks like a template, which must be rendered first")


async def test_yaml_that_is_no_kubernetes_object_is_no_gap(write: Write) -> None:
    root = write(
        {
            "values.yaml": "replicaCount: 2\nimage: {tag: 1}\n",
            "compose.yaml": "services:\n  web: {image: nginx}\n",
            "list.yaml": "- a\n- b\n",
            "crd.yaml": "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n",
            "pod.yaml": POD % ("a", "x"),
        }
    )
    reader = await opened(root)
    assert await gaps(reader) == []
    assert reader.skipped == ("compose.yaml:1", "list.yaml:1", "values.yaml:1")
    assert reader.unread == {"example.com/v1 Widget": 1}


async def test_an_empty_folder_is_not_clean(write: Write) -> None:
    assert await gaps(await opened(write({"values.yaml": "a: 1\n"}))) == [
        ("the folder", "no Kubernetes object was found in it")
    ]


async def test_a_folder_that_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="cannot be opened: No such file or directory"):
        await opened(tmp_path / "gone")


async def test_the_last_of_the_same_object_counts_and_the_other_is_named(write: Write) -> None:
    root = write({"a.yaml": POD % ("web", "x"), "b.yaml": "\n" + POD % ("web", "x")})
    reader = await opened(root)
    assert await names(reader) == ["x/web"]
    assert await gaps(reader) == [
        ("a.yaml:1: Pod x/web", "the same object stands in b.yaml:2, which counts")
    ]


async def test_objects_with_generated_names_are_never_the_same(write: Write) -> None:
    pod = (POD % ("web-", "x")).replace("name:", "generateName:", 1)
    reader = await opened(write({"a.yaml": pod + "---\n" + pod}))
    assert len(await names(reader)) == 2
    assert await gaps(reader) == []


async def test_namespaces_that_objects_name_exist_with_their_account(write: Write) -> None:
    root = write(
        {
            "a.yaml": POD % ("web", "shop"),
            "b.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: bare}\n",
            "c.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: bank, labels: {a: b}}\n",
            "d.yaml": "apiVersion: v1\nkind: ServiceAccount\n"
            "metadata: {name: default, namespace: bank}\nautomountServiceAccountToken: false\n",
            "e.yaml": "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n"
            "metadata: {name: r}\nrules: []\n",
        }
    )
    reader = await opened(root)
    assert await names(reader, "Namespace") == ["None/bank", "None/default", "None/shop"]
    accounts = (await reader.list(KINDS["ServiceAccount"])).objects
    assert {
        (account.metadata.namespace, account.automount_service_account_token)
        for account in accounts
    } == {("bank", False), ("default", None), ("shop", None)}


async def test_secrets_are_dropped_and_never_named(write: Write) -> None:
    secret = (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: db-canary, namespace: x}\n"
        "stringData: {password: canary}\n"
    )
    listed = {"kind": "SecretList", "apiVersion": "v1", "items": [{"metadata": {"name": "canary"}}]}
    root = write({"a.yaml": secret + "---\n" + secret, "b.json": json.dumps(listed)})
    reader = await opened(root)
    assert "canary" not in repr(vars(reader))
    assert reader.unread == {}
    assert "Secret" not in repr([(await reader.list(kind)).gaps for kind in KINDS.values()])


async def test_an_object_of_an_odd_form_is_one_gap_with_its_place(write: Write) -> None:
    odd = "apiVersion: v1\nkind: Pod\nmetadata: {name: odd, namespace: x}\nspec: {containers: 7}\n"
    reader = await opened(write({"a.yaml": POD % ("fine", "x") + "---\n" + odd}))
    assert await names(reader) == ["x/fine"]
    ((what, why),) = await gaps(reader)
    assert what == "a.yaml:6: Pod x/odd"
    assert "it does not have the form of a Pod" in why


async def test_a_version_that_is_not_read_is_a_gap(write: Write) -> None:
    reader = await opened(
        write({"a.yaml": "apiVersion: batch/v3\nkind: CronJob\nmetadata: {name: c}\n"})
    )
    assert await gaps(reader) == [
        (
            "a.yaml:1: CronJob c (batch/v3)",
            "apiVersion batch/v3 of CronJob is not one that Oakum reads",
        )
    ]


async def test_links_that_lead_out_of_the_folder_are_refused(write: Write, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.yaml").write_text(POD % ("outside", "x"))
    root = write({"a.yaml": POD % ("inside", "x"), ".git/x.yaml": POD % ("hidden", "x")})
    (root / "file.yaml").symlink_to(outside / "secret.yaml")
    (root / "folder").symlink_to(outside)
    (root / "again.yaml").symlink_to(root / "a.yaml")
    os.mkfifo(root / "pipe.yaml")
    reader = await opened(root)
    assert await names(reader) == ["x/inside"]
    assert await gaps(reader) == [
        ("file.yaml", "it links out of the folder"),
        ("folder", "it links out of the folder"),
        ("pipe.yaml", "it is not a regular file"),
    ]


async def test_bounds_are_reported(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write({f"{n}.yaml": POD % (f"p{n}", "x") for n in range(4)})
    (root / "3.yaml").write_text("# " + "x" * 500)
    monkeypatch.setattr(folder_module, "MAX_YAML_BYTES", 400)
    monkeypatch.setattr(folder_module, "MAX_FILES", 2)
    reader = await opened(root)
    assert await names(reader) == ["x/p0", "x/p1"]
    assert [what for what, _ in await gaps(reader)] == ["the rest of the folder"]


async def test_an_object_is_given_whole_and_redacted(write: Write) -> None:
    pod = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: x}\n"
        "spec:\n  containers:\n  - {name: c, image: nginx, env: [{name: A, value: canary}]}\n"
    )
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: x}\ndata: {a: b}\n"
    root = write({"a.yaml": pod + "---\n" + config})
    reader = await opened(root)
    found = await reader.get(KINDS["Pod"], "x", "web")
    assert found is not None
    assert found["spec"]["containers"][0]["image"] == "nginx"
    assert "canary" not in str(found)
    assert await reader.get(KINDS["Pod"], "x", "gone") is None
    assert await reader.get(KINDS["Pod"], "y", "web") is None
    closed = await reader.get(KINDS["ConfigMap"], "x", "c")
    assert closed is not None
    assert "data" not in closed
    opened_one = await (await opened(root, configmaps=True)).get(KINDS["ConfigMap"], "x", "c")
    assert opened_one is not None
    assert opened_one["data"] == {"a": "b"}


async def test_events_are_those_of_the_folder_and_logs_are_absent(write: Write) -> None:
    event = (
        "apiVersion: v1\nkind: Event\nmetadata: {name: e, namespace: x}\n"
        "involvedObject: {kind: Pod, name: web}\nmessage: token=abcdef1234 refused\n"
    )
    none = await (await opened(write({"a.yaml": POD % ("web", "x")}))).events("x")
    assert (none.items, none.gaps[0].refused) == ((), True)
    reader = await opened(write({"b.yaml": event}))
    assert [row["message"] for row in (await reader.events("x", "web")).items] == [
        "token=[redacted] refused"
    ]
    assert (await reader.events("y")).items == ()
    assert not isinstance(await reader.logs("x", "web"), str)


async def test_thousands_of_documents_are_read(write: Write) -> None:
    text = "---\n".join(POD % (f"p{n}", f"ns{n % 20}") for n in range(5000))
    reader = await opened(write({"big.yaml": text}))
    assert len(await names(reader)) == 5000


async def test_an_object_has_the_uid_by_which_it_is_edited(write: Write) -> None:
    reader = await opened(write({"pod.yaml": POD % ("web", "shop")}))
    found = await reader.get(KINDS["Pod"], "shop", "web")
    assert found is not None
    uid = found["metadata"].pop("uid")
    target = Target("demo", "v1", "Pod", "shop", "web")
    assert uid == as_live(found, target, "")["metadata"]["uid"]
    other = Target("demo", "v1", "Pod", "shop", "api")
    assert uid != as_live(found, other, "")["metadata"]["uid"]
