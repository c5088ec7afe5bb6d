"""The command itself: help, version, and that every failure ends as one sentence."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

OAKUM = Path(sys.executable).with_name("oakum")
DEMO = Path(__file__).parents[3] / "deploy" / "demo" / "hafen"


def oakum(*arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [OAKUM, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=home,
        env={"PATH": "/usr/bin:/bin", "HOME": str(home), **environment},
    )


def test_help_teaches_every_command(tmp_path: Path) -> None:
    result = oakum("--help", home=tmp_path)
    assert result.returncode == 0
    for command in ("ask", "chat", "scan", "search", "index", "snapshot", "serve", "forget"):
        assert command in result.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("scan", "--cluster", "nowhere"), 2, "No cluster is called nowhere"),
        (("scan", "--nonsense"), 2, "nonsense"),
        (("serve",), 2, "SLACK_BOT_TOKEN"),
        (("scan", "--config", "absent.yaml"), 2, "absent.yaml"),
        (("forget",), 2, "--thread"),
        (("search", "5.2.2", "--config", "library.yaml"), 2, "is no folder"),
        (("ask", "  "), 2, "the question is empty"),
        (("ask", "is web root?", "--path", "absent"), 2, "cannot be opened"),
        (("search", ""), 2, "the question is empty"),
        (("scan", "--path", str(DEMO), "--output", "nowhere/scan.json"), 2, "cannot be written"),
        (("scan", "--path", str(DEMO), "--output", "."), 2, "cannot be written"),
    ],
)
def test_a_failure_is_one_sentence_and_an_exit_code(
    tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    (tmp_path / "library.yaml").write_text("library: ./absent\n", encoding="utf-8")
    result = oakum(*arguments, home=tmp_path)
    assert result.returncode == code
    assert says in result.stderr
    assert "Traceback" not in result.stdout + result.stderr


def test_an_unreachable_cluster_is_not_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "kubeconfig").write_text(
        """
apiVersion: v1
kind: Config
current-context: gone
clusters: [{name: c, cluster: {server: "http://127.0.0.1:9"}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: gone, context: {cluster: c, user: u}}]
""",
        encoding="utf-8",
    )
    (tmp_path / "oakum.yaml").write_text(
        "clusters: {gone: {kubeconfig: kubeconfig, timeout_s: 3}}", encoding="utf-8"
    )
    result = oakum("scan", "--cluster", "gone", home=tmp_path)
    assert result.returncode == 3
    assert "gone" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_defect_of_ours_is_told_by_its_incident_id_and_logged(tmp_path: Path) -> None:
    broken = tmp_path / "sitecustomize.py"
    broken.write_text(
        "import tools.posture\n"
        "def fail(*_): raise RuntimeError('a defect with token ghp_' + 'a' * 36)\n"
        "tools.posture.exit_code = fail\n",
        encoding="utf-8",
    )
    result = oakum(
        "scan", "--path", str(DEMO), "--format", "json", home=tmp_path, PYTHONPATH=str(tmp_path)
    )
    assert result.returncode == 2
    assert "incident ok-" in result.stderr
    assert "Traceback" not in result.stderr
    log = (tmp_path / ".local/share/oakum/oakum.log").read_text(encoding="utf-8")
    assert "a defect" in log
    assert "ghp_aaaa" not in log + result.stderr


def test_a_model_that_is_down_is_a_sentence_with_the_detail_in_the_log(tmp_path: Path) -> None:
    result = oakum(
        "ask",
        "is anything privileged?",
        "--path",
        str(DEMO),
        home=tmp_path,
        OPENAI_API_KEY="none",
        OPENAI_BASE_URL="http://127.0.0.1:9",
    )
    assert result.returncode == 0
    assert "cannot be reached" in result.stdout
    assert result.stderr == ""
    log = (tmp_path / ".local/share/oakum/oakum.log").read_text(encoding="utf-8")
    assert "Traceback" in log


def heeding_ctrl_c() -> None:
    """What a shell starts in the background ignores Ctrl-C, and so does all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.slow
def test_ctrl_c_at_the_prompt_ends_the_conversation(tmp_path: Path) -> None:
    keys, screen = pty.openpty()
    with subprocess.Popen(
        [OAKUM, "chat", "--path", str(DEMO)],
        stdin=screen,
        stdout=screen,
        stderr=screen,
        start_new_session=True,
        preexec_fn=heeding_ctrl_c,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TERM": "dumb"},
    ) as chat:
        try:
            shown = b""
            while b"\n> " not in shown:
                shown += os.read(keys, 4096)
            assert ended_by_ctrl_c(chat) == 0
        finally:
            chat.kill()
    os.close(keys)
    os.close(screen)


def ended_by_ctrl_c(process: subprocess.Popen[bytes]) -> int:
    """Press as a person does: again, where nothing came of the first.

    Python's readline looks for signals once before it waits for keys: one that comes in the
    moment between is noticed with the next key or signal only.
    """
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(timeout=20)
    raise AssertionError("two presses of Ctrl-C did not end the conversation")


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    result = subprocess.run(
        f"{OAKUM} scan --path {DEMO} --all --format json | head -c 10",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    assert "Traceback" not in result.stderr
    assert "BrokenPipe" not in result.stderr
