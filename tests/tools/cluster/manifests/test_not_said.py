"""What a folder does not say: objects that nothing reads, files that are left out, and what they decide."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tools.cluster.manifests import yaml_documents
from tools.cluster.manifests.folder import read_folder
from tools.cluster.manifests.reader import open_folder
from tools.scan import scan
from tools.types import ALL, ANY_KIND, ClusterConfig, ClusterSource, Gap, Scan, Verdict

SPEC = '{containers: [{name: a, image: "r/a:1", securityContext: {privileged: true}}]}'
POD = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: x}}\nspec: {SPEC}\n"
FINE = POD.replace("true", "false").replace("name: p", "name: fine")
TEMPLATE = f"{{template: {{spec: {SPEC}}}}}"


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


async def scanned(
    root: Path, control: str = "5.2.2", apply_namespace: str = "", *scope: str
) -> Scan:
    config = ClusterConfig(
        "lab", ClusterSource.FOLDER, folder=str(root), apply_namespace=apply_namespace
    )
    return await scan(
        await open_folder(config),
        controls=(control,),
        namespaces=scope or ALL,
        keep_all=True,
        now=lambda: datetime(2026, 1, 1, tzinfo=UTC),
    )


def one(root: Path, text: str, name: str = "a.yaml") -> Gap | None:
    """Read one file; give its only gap."""
    found = read_folder(write(root, {name: text})).gaps
    assert len(found) < 2, found
    return found[0] if found else None


def made(api_version: str, kind: str, spec: str = "{}") -> str:
    return f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: p, namespace: x}}\nspec: {spec}\n"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (made("v1", "Deployment"), ANY_KIND),
        (made("app/v1", "Deployment"), "Deployment"),
        (made("apps/v1", "deployment"), "Deployment"),
        (made("apps/v1", "Deploymnt"), ANY_KIND),
        (made("apps/v7", "Deployment"), "Deployment"),
        (made("rbac.authorisation.k8s.io/v1", "Role"), "Role"),
        (made("rbac.authorization.k8s.io/v1", "role"), "Role"),
        (made("RBAC.AUTHORIZATION.K8S.IO/V1", "Roles"), ANY_KIND),
        (made("rbac.authorization.kubernetes.io/v1", "ClusterRols"), ANY_KIND),
        (made("Apps/v1", "Widget"), ANY_KIND),
        (made("v1", "Rollout", TEMPLATE), "Pod"),
        (made("example.com/v1", "Set", "{o: [{kind: Role, metadata: {name: r}}]}"), ANY_KIND),
        (made("example.com/v1", "Set", "{o: [{apiVersion: v1, metadata: {name: r}}]}"), ANY_KIND),
        (made("example.com/v1", "Widget", TEMPLATE), "Pod"),
        (made("tekton.dev/v1", "Task", "{steps: [{name: s, image: i, script: s}]}"), "Pod"),
        (made("example.com/v1", "Flow", "{container: {image: i, command: [c]}}"), "Pod"),
        (
            made("example.com/v1", "Set", "{objects: [{apiVersion: v1, kind: Pod, spec: {}}]}"),
            "Pod",
        ),
        (
            made(
                "example.com/v1",
                "Set",
                "{o: {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, rules: []}}",
            ),
            "ClusterRole",
        ),
        (
            "apiVersion: example.com/v1\nkind: SetList\nitems: [{metadata: {name: s}, objects: "
            "[{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, rules: []}]}]\n",
            "Role",
        ),
        (POD.replace("kind: Pod\n", ""), ANY_KIND),
        (POD.replace("kind: ", "Kind: "), ANY_KIND),
        (POD.replace("apiVersion: v1\n", ""), "Pod"),
        ("apiVersion: v1\nkind: List\nitems: {a: b}\n", ANY_KIND),
        (made("v1", "Service", TEMPLATE), "Pod"),
    ],
)
def test_an_object_that_nothing_reads_is_a_gap_of_the_kind_it_may_be(
    text: str, kind: str, tmp_path: Path
) -> None:
    gap = one(tmp_path, text)
    assert gap is not None
    assert gap.kind == kind
    assert gap.what.startswith("a.yaml:")


@pytest.mark.parametrize(
    "text",
    [
        made("example.com/v1", "Widget", "{image: {tag: 1}, replicas: 2}"),
        made("v1", "Endpoints"),
        made("example.com/v1", "Set", "{o: [{apiVersion: example.com/v1, kind: Role, metadata: {}}]}"),
        "apiVersion: v1\nkind: List\nitems: []\n",
        made("autoscaling/v2", "HorizontalPodAutoscaler", "{scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: d}}"),
        made("config.openshift.io/v1", "Ingress"),
        made("authorization.openshift.io/v1", "RoleBindingRestriction"),
        made("networking.istio.io/v1", "ServiceEntry"),
        made("apiextensions.k8s.io/v1", "CustomResourceDefinition", "{a: {containers: [{image: i}]}}"),
        made("kyverno.io/v1", "ClusterPolicy", "{pattern: {containers: [{image: '*'}]}}"),
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {pod: 'kind: Pod'}\n",
        "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
        "replicas: 2\nsidecars: [{name: a, image: b}]\n",
        "apiVersion: skaffold/v4beta6\nkind: Config\nbuild: {}\n",
    ],
)  # fmt: skip
def test_what_runs_nothing_stays_quiet(text: str, tmp_path: Path) -> None:
    write(tmp_path, {"fine.yaml": FINE})
    assert one(tmp_path, text) is None


def test_objects_of_one_sort_are_one_gap_with_their_count(tmp_path: Path) -> None:
    text = "---\n".join(made("example.com/v1", "Widget", TEMPLATE) for _ in range(7))
    gap = one(tmp_path, text)
    assert gap is not None
    assert gap.what.startswith("7 Widget (example.com/v1): x/p (a.yaml:1), x/p (a.yaml:6)")
    assert gap.what.endswith("and 2 more")
    assert gap.namespace == "x"


@pytest.mark.parametrize(
    ("api_version", "kind", "named"),
    [
        ("argoproj.io/v1alpha1", "Rollout", "Rollout"),
        ("serving.knative.dev/v1", "Service", "Service.serving.knative.dev"),
        ("apps.openshift.io/v1", "DeploymentConfig", "DeploymentConfig"),
        ("apps.kruise.io/v1beta1", "StatefulSet", "StatefulSet.apps.kruise.io"),
    ],
)
async def test_kinds_with_a_plain_pod_template_are_judged_as_workloads(
    api_version: str, kind: str, named: str, tmp_path: Path
) -> None:
    result = await scanned(write(tmp_path, {"a.yaml": made(api_version, kind, TEMPLATE)}))
    [found] = [each for each in result.findings if each.check == "privileged_container"]
    assert (found.ref.kind, found.ref.name, found.verdict) == (named, "p", Verdict.FAIL)
    assert found.evidence[0].path == "spec.template.spec.containers[0].securityContext.privileged"
    assert result.gaps == ()


@pytest.mark.parametrize("name", ["list.yaml", "list.json"])
async def test_a_list_that_is_the_document_is_read(name: str, tmp_path: Path) -> None:
    pod: dict[str, object] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "x"},
        "spec": {"hostPID": True, "containers": [{"name": "a"}]},
    }
    result = await scanned(write(tmp_path, {name: json.dumps([pod])}), "5.2.3")
    assert result.controls[0].verdict is Verdict.FAIL


@pytest.mark.parametrize(
    "beside",
    [
        {"b.yaml": "kind: [\n"},
        {"b.json": '{"kind": "Pod"'},
        {".k8s/b.yaml": POD},
        {"kustomization.yaml": "resources: [a.yaml]\n"},
        {"chart/Chart.yaml": "name: c\n", "chart/templates/b.yaml": f"# {{{{ .x }}}}\n{FINE}"},
        {"z.yaml": FINE.replace("image:", "imagePullPolicy: Always, image:")},
        {"b.yaml": "kind: Pod\n" * 2 + FINE.replace("kind: Pod\n", "")},
    ],
)
async def test_what_cannot_be_read_makes_pass_unknown_and_fail_stays(
    beside: dict[str, str], tmp_path: Path
) -> None:
    root = write(tmp_path, {"a.yaml": FINE, **beside})
    assert (await scanned(root)).controls[0].verdict is Verdict.UNKNOWN
    write(root, {"bad.yaml": POD})
    assert (await scanned(root)).controls[0].verdict is Verdict.FAIL


async def test_a_broken_file_without_a_word_of_an_object_decides_nothing(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.yaml": FINE, "tsconfig.json": '{"compilerOptions": {}, // x\n}'})
    result = await scanned(root)
    assert [gap.what for gap in result.gaps] == ["tsconfig.json:1"]
    assert result.controls[0].verdict is Verdict.PASS


def test_a_patch_is_no_object_and_does_not_replace_its_base(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "base/pod.yaml": POD,
            "overlay/kustomization.yaml": "resources: [../base]\npatches: [{path: pod.yaml}]\n",
            "overlay/pod.yaml": FINE.replace("name: fine", "name: p"),
        },
    )
    contents = read_folder(root)
    assert [entry.where for entry in contents.entries["Pod"]] == ["base/pod.yaml:1"]
    named = [gap.what for gap in contents.gaps]
    assert named == ["overlay/kustomization.yaml", "overlay/pod.yaml"]


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.yaml", POD + "spec: {}\n", 5),
        ("a.json", '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},\n "spec": {},\n "spec": {}}', 3),
        ("s.json", '{"a": 1}\n{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},\n "spec": 1, "spec": {}}', 3),
    ],
)  # fmt: skip
def test_a_key_that_stands_twice_is_named(name: str, text: str, line: int, tmp_path: Path) -> None:
    gap = one(tmp_path, text, name)
    assert gap is not None
    assert gap.what.startswith(f"{name}:{line}: Pod")
    assert (gap.why, gap.kind) == ("the key spec stands twice in one mapping", "Pod")


async def test_where_objects_go_is_unknown_until_it_is_said(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.yaml": POD.replace(", namespace: x", "")})
    assert (await scanned(root, "5.6.4")).controls[0].verdict is Verdict.UNKNOWN
    assert (await scanned(root, "5.6.4", "shop")).controls[0].verdict is Verdict.PASS
    assert (await scanned(root, "5.6.4", "default")).controls[0].verdict is Verdict.FAIL
    assert (await scanned(root, "5.2.2", "shop", "shop")).controls[0].verdict is Verdict.FAIL
    write(root, {"b.yaml": FINE})
    assert (await scanned(root, "5.2.2", "", "x")).controls[0].verdict is Verdict.UNKNOWN


async def test_gaps_of_other_namespaces_do_not_decide(tmp_path: Path) -> None:
    other = made("example.com/v1", "Widget", TEMPLATE).replace("namespace: x", "namespace: y")
    root = write(tmp_path, {"a.yaml": FINE, "b.yaml": other})
    assert (await scanned(root)).controls[0].verdict is Verdict.UNKNOWN
    for control in ("5.2.2", "5.2.1"):
        result = await scanned(root, control, "", "x")
        assert result.gaps == ()
    result = await scanned(root, "5.2.2", "", "x")
    assert result.controls[0].verdict is Verdict.PASS


async def test_loops_and_odd_names_take_nothing_down(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.yaml": POD})
    (root / "x.yaml").symlink_to("x.yaml")
    odd = os.fsencode(root) + b"/\xff.yaml"
    Path(os.fsdecode(odd)).write_text("kind: [\n")
    result = await scanned(root)
    assert result.controls[0].verdict is Verdict.FAIL
    assert [gap.what for gap in result.gaps] == ["x.yaml", "\\xff.yaml:1"]
    assert str(result).encode()


def test_aliases_of_a_whole_folder_have_one_budget(tmp_path: Path) -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 5)]
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: c}\n"
    text = "---\n".join(head + "\n".join(rows) + "\n" for _ in range(100))
    contents = read_folder(write(tmp_path, {"a.yaml": text, "b.yaml": text}))
    assert len(text) < 40_000
    assert contents.total_bytes < 10 * 2**20
    assert any("aliases written out" in gap.why and gap.kind == ANY_KIND for gap in contents.gaps)


def test_empty_documents_cost_no_parser_and_documents_have_a_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built: list[str] = []
    builder = yaml_documents._Builder  # pyright: ignore[reportPrivateUsage]

    def counted(budget: yaml_documents.Budget) -> object:
        built.append("one")
        return builder(budget)

    monkeypatch.setattr(yaml_documents, "_Builder", counted)
    assert [*yaml_documents.documents("---\n" * 10_000)] == []
    assert built == []
    budget = yaml_documents.Budget(documents=5)
    found = [*yaml_documents.documents("---\na: 1\n" * 100, budget)]
    assert (len(found), len(built)) == (6, 10)
    assert isinstance(found[-1], yaml_documents.Damage)


def test_a_stream_of_json_is_looked_at_once(tmp_path: Path) -> None:
    from tools.cluster.manifests import json_documents

    decoded: list[int] = []

    class Counted(json_documents._Decoder):  # pyright: ignore[reportPrivateUsage]
        def end_of(self, text: str, start: int) -> int:
            end = super().end_of(text, start)
            decoded.append(end - start)
            return end

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_documents, "_Decoder", Counted)
        data = b'{"a": 1}\n' * 2_000
        found = [*json_documents.documents(data)]
    assert len(found) == 2_000
    assert sum(decoded) <= len(data)


@pytest.mark.parametrize(
    ("version", "kind"), [("secrets.example.com/v1", "Secret"), ("apps/v1", "secret")]
)
async def test_only_a_secret_of_kubernetes_is_left_out_without_a_word(
    tmp_path: Path, version: str, kind: str
) -> None:
    text = POD.replace("apiVersion: v1", f"apiVersion: {version}").replace(
        "kind: Pod", f"kind: {kind}"
    )
    result = await scanned(write(tmp_path, {"a.yaml": text, "fine.yaml": FINE}))
    assert result.gaps
    assert result.controls[0].verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("web/Chart.yaml", "apiVersion: v2\nname: web\ndependencies: [{name: db}]\n"),
        ("web/requirements.yaml", "dependencies:\n- name: db\n"),
        ("web/charts/db-1.0.0.tgz", "packed"),
    ],
)
async def test_a_chart_that_brings_others_is_named(tmp_path: Path, file: str, text: str) -> None:
    chart = {"web/Chart.yaml": "apiVersion: v2\nname: web\n", "fine.yaml": FINE}
    plain = await scanned(write(tmp_path / "plain", chart))
    assert plain.controls[0].verdict is Verdict.PASS
    result = await scanned(write(tmp_path / "more", {**chart, file: text}))
    assert [gap.what for gap in result.gaps] == ["web"]
    assert result.controls[0].verdict is Verdict.UNKNOWN
