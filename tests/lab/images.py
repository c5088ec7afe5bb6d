"""Makes the container images that a cluster needs, from programs on this machine.

No registry is asked: an image is a docker-archive tar with one layer, under the very name that
kubeadm asks for. Kept in the cache beside the programs.
"""

import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from tests.lab import build, machine, versions
from tests.lab.errors import LabError

BUSYBOX = "lab.local/busybox:1"
"""A small image for pods that really run: a shell and the usual small programs."""

_REGISTRY = "registry.k8s.io/"
_APPLETS = (
    "sh ls cat sleep echo id httpd ps nc wget date true false kill mkdir touch stat test grep head"
)
_XTABLES = "iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore"


class Content(NamedTuple):
    """One file of an image."""

    path: str
    """Where it lies in the image, without the leading slash."""
    data: bytes = b""
    link: str = ""
    """Set for a symbolic link: where it points."""
    source: str = ""
    """Set where the data is that of a file of this machine."""


class Image(NamedTuple):
    """One image before it is written."""

    name: str
    contents: tuple[Content, ...]
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    user: str = ""
    """Numeric user and group; root where empty."""
    environment: tuple[str, ...] = ()
    """NAME=VALUE, beside PATH."""


def images(programs: Path, say: Callable[[str], None]) -> Path:
    """Give the folder of image files, writing them first where needed. Raises `LabError`."""

    def make(folder: Path, say: Callable[[str], None]) -> None:
        say("writing images")
        for image in _all(programs):
            write(image, folder / (image.name.rpartition("/")[2].partition(":")[0] + ".tar"))

    return build.cached(versions.build_key(), f"images-{_machine_digest()}", say, make)


def write(image: Image, output: Path) -> None:
    """Write one image as a docker-archive."""
    layer = output.with_suffix(".layer")
    _write_layer(image.contents, layer)
    with layer.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    settings: dict[str, object] = {
        "Env": ["PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", *image.environment],
        "Entrypoint": list(image.entrypoint),
        "Cmd": list(image.command),
        "User": image.user,
    }
    config = json.dumps(
        {
            "architecture": versions.architecture(),
            "os": "linux",
            "config": settings,
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
            "history": [{"created_by": "oakum tests/lab"}],
        }
    ).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    layer_name = f"{digest}/layer.tar"
    manifest = json.dumps(
        [{"Config": config_name, "RepoTags": [image.name], "Layers": [layer_name]}]
    ).encode()
    with tarfile.open(output, "w") as archive:
        _add(archive, Content(config_name, config))
        _add(archive, Content(layer_name, source=str(layer)))
        _add(archive, Content("manifest.json", manifest))
    layer.unlink()


def _all(programs: Path) -> list[Image]:
    release = f"v{versions.KUBERNETES}"

    def program(name: str, at: str = "usr/local/bin") -> Content:
        return Content(f"{at}/{name}".lstrip("/"), (programs / name).read_bytes())

    control_plane = [
        Image(f"{_REGISTRY}{name}:{release}", (program(name),))
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
    ]
    return [
        *control_plane,
        Image(f"{_REGISTRY}kube-proxy:{release}", (program("kube-proxy"), *_iptables())),
        Image(f"{_REGISTRY}etcd:{versions.ETCD}-0", (program("etcd"), program("etcdctl"))),
        Image(f"{_REGISTRY}pause:{versions.PAUSE}", (program("pause", ""),), ("/pause",)),
        Image(
            f"{_REGISTRY}coredns/coredns:v{versions.COREDNS}",
            (program("coredns", ""),),
            ("/coredns",),
        ),
        _busybox(),
    ]


def _busybox() -> Image:
    source = Path(machine.find("busybox") or "/bin/busybox")
    if not machine.is_static(source):
        raise LabError(f"{source} is not static: install the package busybox-static")
    contents = [Content("bin/busybox", source.read_bytes())]
    contents += [Content(f"bin/{applet}", link="busybox") for applet in _APPLETS.split()]
    return Image(BUSYBOX, tuple(contents), command=("sh",))


def _iptables() -> tuple[Content, ...]:
    """Collect what kube-proxy runs: iptables, its plugins, and the libraries of both."""
    main = Path(machine.find("xtables-nft-multi") or "/usr/sbin/xtables-nft-multi")
    plugins = _plugins()
    libraries = {library for file in (main, *plugins) for library in libraries_of(file)}
    contents = [Content("usr/sbin/xtables-nft-multi", main.read_bytes())]
    contents += [Content(f"usr/sbin/{name}", link="xtables-nft-multi") for name in _XTABLES.split()]
    contents += [
        Content(str(file).lstrip("/"), file.read_bytes()) for file in (*plugins, *sorted(libraries))
    ]
    return tuple(contents)


def _plugins() -> list[Path]:
    return sorted(Path("/usr/lib").glob("*-linux-gnu*/xtables/*.so"))


def libraries_of(program: Path) -> list[Path]:
    """Name the libraries that a program is linked with, the loader among them."""
    done = subprocess.run(["ldd", str(program)], capture_output=True, text=True)
    words = [word for line in done.stdout.splitlines() for word in line.split()]
    return [Path(word) for word in words if word.startswith("/")]


def _machine_digest() -> str:
    """Change when the machine's own files that go into images, or into their store, change."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name in ("busybox", "xtables-nft-multi", "containerd"):
        file = machine.find(name)
        if not file:
            raise LabError(f"{name} is not here; python -m tests.lab up installs it as root")
        digest.update(Path(file).read_bytes())
    return digest.hexdigest()[:10]


def _write_layer(contents: Iterable[Content], output: Path) -> None:
    seen: set[str] = set()
    with tarfile.open(output, "w") as layer:
        for content in contents:
            for parent in reversed([str(parent) for parent in Path(content.path).parents]):
                if parent != "." and parent not in seen:
                    seen.add(parent)
                    folder = tarfile.TarInfo(parent)
                    folder.type, folder.mode = tarfile.DIRTYPE, 0o755
                    layer.addfile(folder)
            if content.path in seen:
                continue
            seen.add(content.path)
            _add(layer, content)


def _add(archive: tarfile.TarFile, content: Content) -> None:
    entry = tarfile.TarInfo(content.path)
    entry.mode = 0o755
    if content.link:
        entry.type, entry.linkname = tarfile.SYMTYPE, content.link
        archive.addfile(entry)
        return
    with Path(content.source).open("rb") if content.source else io.BytesIO(content.data) as data:
        entry.size = data.seek(0, io.SEEK_END)
        data.seek(0)
        archive.addfile(entry, data)
