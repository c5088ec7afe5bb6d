"""The worst model behind the real loop and the real Slack edge: every call that Slack got is looked at.

What stood in a message for a moment counts as much as what stays, and so do files, the store and logs.
"""

import asyncio
import json
import logging
import re
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.agent.loop import make_agent
from bot.conversation import Parts, answer
from bot.slack.config import Profile, SlackConfig
from bot.slack.service import SlackService
from bot.store import inbox
from bot.store.database import Database, open_database
from bot.types import Answer, Report, Request
from tests.fakes.canaries import CANARIES
from tests.fakes.desk import NOW, shared_library
from tests.fakes.openai import FakeOpenAI, Turn, calls, say
from tests.fakes.slack.server import FakeSlack
from tests.fakes.slack.state import APP_TOKEN, BOT_TOKEN
from tools.cluster.manifests.reader import open_folder
from tools.queries.looking.memory import MemoryScans
from tools.scope import Scope
from tools.types import ALL, ClusterConfig, ClusterSource

FOLDERS = Path(__file__).parents[1] / "eval" / "folders"
HOSTS = frozenset({"kubernetes.io"})
WAIT_S = 60
"""Seconds until a question that is not answered fails its test; a busy machine needs some."""
OUR_MARK = re.compile(
    r'"event_payload": \{"question": "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"\}'
)


@dataclass
class Stage:
    """A workspace, a model and a store, and everything that ever left."""

    slack: FakeSlack
    endpoint: FakeOpenAI
    db: Database
    store: Path

    def left(self) -> list[str]:
        """Every call that Slack got, file and private answer, each as text."""
        found = [json.dumps(one.args, ensure_ascii=False) for one in self.slack.calls]
        found += [
            one.content.decode() + one.name + one.title for one in self.slack.space.files.values()
        ]
        return found + [json.dumps([one.text, one.blocks]) for one in self.slack.space.ephemeral]

    def left_but_our_ids(self) -> list[str]:
        """All that left, without the random id in the mark of an answer, which nobody is shown.

        About one such id in thirty reads as a control number. Only a whole id in its own place is
        taken out: the same letters anywhere else are looked at.
        """
        return [OUR_MARK.sub("", one) for one in self.left()]

    def kept(self) -> str:
        """What the store holds, as bytes read as text."""
        return "".join(
            path.read_bytes().decode("latin-1") for path in self.store.parent.glob("oakum.db*")
        )

    async def settled(self) -> None:
        await self.slack.people.delivered()
        async with asyncio.timeout(WAIT_S):
            while await inbox.waiting(self.db):
                await asyncio.sleep(0.02)


@asynccontextmanager
async def stage_of(
    folder: Path, store: Path, turns: list[Turn], profile: Profile
) -> AsyncGenerator[Stage]:
    async with AsyncExitStack() as closing:
        slack = FakeSlack()
        await slack.start()
        closing.push_async_callback(slack.stop)
        slack.add_user("UANN")
        slack.add_channel("C1", "UANN")
        path = store / "oakum.db"
        db = await open_database(f"sqlite:///{path}")
        closing.push_async_callback(db.close)
        endpoint = await closing.enter_async_context(FakeOpenAI(turns))
        parts = await parts_of(folder, db, endpoint)

        async def respond(request: Request, report: Report) -> Answer:
            return await answer(request, report, parts)

        service = SlackService(
            SlackConfig(
                bot_token=BOT_TOKEN,
                app_token=APP_TOKEN,
                base_url=slack.base_url,
                channels={"C1": Scope({"demo": ALL})},
                link_hosts=HOSTS,
                profile=profile,
            ),
            db,
            lambda: respond,
            lambda: NOW,
        )
        await service.start()
        closing.push_async_callback(service.stop)
        await slack.until(lambda: service.connected, WAIT_S)
        yield Stage(slack, endpoint, db, path)


async def parts_of(folder: Path, db: Database, endpoint: FakeOpenAI) -> Parts:
    """Give the parts of a conversation about `folder`, with the model at `endpoint`."""
    library = shared_library()
    config = ClusterConfig(name="demo", source=ClusterSource.FOLDER, folder=str(folder))
    return Parts(
        readers={"demo": await open_folder(config)},
        search=library.search,
        guide_for=library.guide_for,
        past=MemoryScans(),
        now=lambda: NOW,
        db=db,
        agent=make_agent(endpoint.model()),
        model="scripted",
        link_hosts=HOSTS,
    )


READS = (
    ("read_object", {"kind": "Deployment", "name": "kiosk", "namespace": "hall"}),
    ("events", {"namespace": "hall"}),
    ("scan_scope", {"namespaces": ["hall"]}),
)
NASTY = (
    "<!channel> <!here|here> <!subteam^S1|ops> <@U0123456789> @channel @everyone &lt;!here&gt;",
    "See https://evil.example/?d=1, [docs](https://evil.example/x) and ![p](https://evil.example/p.png).",
    "<https://evil.example|kubernetes.io> <https://kubernetes.io@evil.example/|x> javascript:alert(1)",
    "[k][1]\n\n[1]: https://evil.example/x",
    "h\u200bttps://evil.example \u202eelpmaxe.live//:sptth www.evil.example evil\u3002example",
    "CIS 5.9.9, 5\u20249\u20249, 5.**9**.9, `5.9.9` and section five point nine point nine are broken.",
    "It has CVE-2021-44228 and CVE\\-2021\\-44228; `ghost-db`, hall/ghost-db, **ghost-db**, Pod ghost-db.",
    "| ghost-db | 5.9.9 |\n|---|---|\n| a | https://evil.example |",
    "```yaml\nkind: Pod # 5.9.9 https://evil.example\nmetadata: {namespace: ghost-db}\n```",
)
WRONG = re.compile(
    r"<[!#]|<@(?!UANN>)|&lt;[!@]|@(?:channel|here|everyone)|https?://(?!kubernetes\.io)(?!127\.)|"
    r"evil|javascript:|\u202e|5.{1,9}9.{1,9}9\b|44228|ghost"
)


@pytest.mark.slow
@pytest.mark.parametrize("profile", list(Profile))
async def test_nothing_unverified_is_in_any_call_that_slack_got(
    tmp_path: Path, profile: Profile
) -> None:
    text = "\n\n".join(NASTY)
    nasty = [
        calls(*READS, text=text),
        calls(("search_guidance", {"question": " ".join(NASTY)[:480]}), text=NASTY[5]),
        calls(("logs", {"namespace": "hall", "pod": "ghost-db"}), ("ghost-db", {"5.9.9": text})),
        say(text, chunk=3),
    ]
    async with stage_of(FOLDERS / "hostile", tmp_path, nasty * 3, profile) as stage:
        for number, place in enumerate(("mention", "pane", "command"), start=1):
            if place == "mention":
                stage.slack.people.mention("C1", "UANN", "is kiosk ok?")
            elif place == "pane":
                opened = stage.slack.people.open_pane("UANN")
                stage.slack.people.direct("UANN", "is kiosk ok?", opened)
            else:
                await stage.slack.people.command("C1", "UANN", "ask is kiosk ok?")
            await stage.slack.until(lambda n=number: len(stage.endpoint.requests) == 4 * n, WAIT_S)
            await stage.settled()
        assert len(stage.endpoint.requests) == 12
        wrong = [
            (found[0], one) for one in stage.left_but_our_ids() if (found := WRONG.search(one))
        ]
        assert wrong == []
        assert all(
            one.args.get("unfurl_links") is False and one.args.get("unfurl_media") is False
            for one in stage.slack.calls
            if one.method == "chat.postMessage"
        )


@pytest.mark.parametrize("profile", list(Profile))
async def test_the_askers_own_text_calls_nobody(tmp_path: Path, profile: Profile) -> None:
    async with stage_of(FOLDERS / "hostile", tmp_path, [say("Nothing.")], profile) as stage:
        asked = f"ask {NASTY[0]} {NASTY[1]} password=swordfish9!Kq"
        await stage.slack.people.command("C1", "UANN", asked)
        await stage.slack.until(lambda: stage.endpoint.requests)
        await stage.settled()
        own = re.compile(r"<[!#]|<@(?!UANN>)|@(?:channel|here|everyone)|https?://evil|swordfish")
        assert [one for one in stage.left() if own.search(one)] == []
        assert "swordfish" not in stage.kept() + stage.endpoint.sent()


def planted(folder: Path) -> list[str]:
    """Write a Deployment for every five canaries, each canary in five places; give their names."""
    made: list[str] = []
    for start in range(0, len(CANARIES), 5):
        name = f"box-{start}"
        group = CANARIES[start : start + 5]
        deployment: dict[str, Any] = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {
                "name": name,
                "namespace": "hall",
                "annotations": {f"note-{n}": one.text for n, one in enumerate(group)},
            },
            "spec": {
                "template": {
                    "spec": {
                        "containers": [
                            {
                                "name": "c",
                                "image": "nginx",
                                "args": [one.text for one in group],
                                "command": ["sh", "-c", group[0].text],
                                "env": [
                                    {"name": f"E{n}", "value": one.text}
                                    for n, one in enumerate(group)
                                ],
                            }
                        ]
                    }
                }
            },
        }
        events = [
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": f"{name}.{n}", "namespace": "hall"},
                "involvedObject": {"kind": "Deployment", "namespace": "hall", "name": name},
                "reason": "Odd",
                "message": one.text,
            }
            for n, one in enumerate(group)
        ]
        config = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": "hall"},
            "data": {f"k{n}": one.text for n, one in enumerate(group)},
        }
        text = yaml.safe_dump_all([deployment, *events, config])
        (folder / f"{name}.yaml").write_text(text)
        made.append(name)
    return made


@pytest.mark.slow
async def test_no_planted_secret_reaches_model_slack_store_or_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    folder = tmp_path / "folder"
    folder.mkdir()
    names = planted(folder)
    turns: list[Turn] = []
    for name in names:
        where = {"namespace": "hall", "name": name}
        turns.append(
            calls(
                ("read_object", {"kind": "Deployment", **where}),
                ("read_object", {"kind": "ConfigMap", **where}),
                ("events", where),
                ("explain_finding", where),
            )
        )
        turns.append(Turn(echo=True))
    async with stage_of(folder, tmp_path, turns, Profile.MODERN) as stage:
        for _ in names:
            stage.slack.people.mention("C1", "UANN", "what is in the box?")
            await stage.settled()
        assert len(stage.endpoint.requests) == len(turns)
        places = {
            "model": stage.endpoint.sent(),
            "slack": "\n".join(stage.left()),
            "store": stage.kept(),
            "log": caplog.text,
        }
        leaked = [
            (place, one.form)
            for place, text in places.items()
            for one in CANARIES
            if any(piece in text for piece in one.secret)
        ]
        assert leaked == []
