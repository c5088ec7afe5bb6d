"""What the words of a command line stand for: which of them must be names of objects.

Knows kubectl and helm; of other tools only that they take images, which show by their shape. Nothing is
run. Pure. Used by `bot.agent.naming` and `bot.agent.grounding`.
"""

import re
from collections.abc import Iterator
from enum import Enum

TOOL = re.compile(
    r"(?:^|[`$|&;>(]|\bsudo|\bxargs)[ \t]*(?:kubectl|oc|helm|docker|podman|nerdctl|crane|cosign|trivy|grype|syft|skopeo|"
    r"buildah|kustomize|kubescape|kube-bench|kube-score|checkov|argocd|flux)(?=[ \t`]|$)"
)
"""Where a command begins."""
_WORD = re.compile(r"[^\s\"'`]+|\"[^\"]*\"|'[^']*'")
_END = re.compile(r"[|&;>]+|--|\\")
_IN_PLACE_TEXT = "-n --namespace -c --container --serviceaccount --sa --as --as-group --user --group --clusterrole --role"
_IN_PLACE = frozenset(_IN_PLACE_TEXT.split())
"""Flags of kubectl and helm whose value is a name."""
_TAKING_TEXT = (
    "-l --selector -o --output -f --filename --image --tail --since -p --patch --type --for --timeout "
    "--context --cluster --user -k --kustomize --set --values --version --replicas --grace-period --field-selector "
    "--sort-by --limit --from-literal --from-file --verb --resource --kubeconfig --target --profile --overrides "
    "--set-string --repo --local-port -L --max-log-requests --port --image-pull-policy --restart --from "
    "--schedule --request-timeout --duration --audience --keep-annotations --to-revision"
)
_TAKING = frozenset(_TAKING_TEXT.split())
"""Flags whose value is no name, or shows by its shape."""
_NAMING = frozenset(
    {"logs", "exec", "attach", "port-forward", "debug", "drain", "cordon", "uncordon"}
)
"""Verbs of kubectl that take a pod or node without its kind."""
_MAKING = frozenset({"create", "run", "expose", "apply", "new", "install", "template"})
_SAYING = frozenset(
    {
        "explain",
        "api-resources",
        "config",
        "version",
        "auth",
        "cluster-info",
        "completion",
        "kustomize",
    }
)
_NAMING_LABELS = frozenset({"app", "name", "instance", "k8s-app"})
"""Labels whose value is mostly the name of the workload, behind the slash."""
_SECOND = frozenset({"rollout", "set", "certificate"})
"""Verbs that a further word completes."""
_RELEASES = frozenset(
    {"upgrade", "uninstall", "delete", "rollback", "status", "history", "get", "test"}
)


_GIVEN = "given"
"""In place of a kind: the object was named already."""


class Role(Enum):
    """What a word of a command stands for."""

    NAME = "name"
    NEW = "new"
    """A name that the command gives."""


def roles(line: str) -> Iterator[tuple[int, Role]]:
    """Give the words that stand for names, each with where it starts."""
    words = [(found.start(), found[0]) for found in _WORD.finditer(line)]
    at = 0
    while at < len(words):
        tool = words[at][1]
        at += 1
        if tool not in ("kubectl", "oc", "helm"):
            continue
        end = next((i for i in range(at, len(words)) if _END.fullmatch(words[i][1])), len(words))
        yield from (_helm if tool == "helm" else _kubectl)(words[at:end])
        at = end


def _plain(words: list[tuple[int, str]]) -> Iterator[tuple[int, str, bool]]:
    """Give the words that are no flags, and the values of flags that name something (True)."""
    value = ""
    follows = any(word == "logs" for _, word in words)
    for start, word in words:
        if value:
            key, equals, chosen = word.partition("=")
            if value in _IN_PLACE:
                yield start, word, True
            elif (
                equals
                and value in ("-l", "--selector")
                and key.rpartition("/")[2] in _NAMING_LABELS
            ):
                yield start + len(key) + 1, chosen, True
            value = ""
        elif word.startswith("-"):
            flag, equals, given = word.partition("=")
            if equals and flag in _IN_PLACE:
                yield start + len(flag) + 1, given, True
            taking = flag in _TAKING and not (flag == "-f" and follows)
            value = flag if not equals and (flag in _IN_PLACE or taking) else ""
        else:
            yield start, word, False


def _kubectl(words: list[tuple[int, str]]) -> Iterator[tuple[int, Role]]:
    verb = kind = ""
    second = False
    for start, word, flagged in _plain(words):
        if flagged:
            yield start, Role.NAME
        elif not verb:
            verb = word
        elif verb in _SAYING or (verb in _SECOND and not second):
            second = True
        elif verb in _MAKING:
            yield start, Role.NEW
        elif "=" in word or ":" in word or word.endswith("-"):
            continue
        elif "/" in word:
            kind = kind or _GIVEN
        elif not kind and verb not in _NAMING:
            kind = word
        elif kind != _GIVEN:
            yield start, Role.NAME
            kind = kind or _GIVEN


def _helm(words: list[tuple[int, str]]) -> Iterator[tuple[int, Role]]:
    verb = ""
    names = 0
    making = any(word in ("--install", "-i") for _, word in words)
    for start, word, flagged in _plain(words):
        if flagged:
            yield start, Role.NAME
        elif not verb:
            verb = word
        else:
            names += 1
            if (
                names == 1
                and verb in _RELEASES
                and word not in ("values", "manifest", "all", "notes")
            ):
                yield start, Role.NEW if making else Role.NAME
