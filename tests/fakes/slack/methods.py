"""The Web API methods, each a function of the workspace and the call's arguments."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from tests.fakes.slack.faults import Faults
from tests.fakes.slack.limits import TEXT_MAX, Refused, check_message, check_view
from tests.fakes.slack.state import BOT_ID, BOT_USER, TEAM, File, Message, Workspace

Args = dict[str, Any]
Answer = dict[str, Any]
APPEND_MAX = 12_000


class Methods:
    """Answers calls by name; raises Refused with Slack's word."""

    def __init__(self, space: Workspace, faults: Faults, base: Callable[[], str]) -> None:
        self.space = space
        self.faults = faults
        self.base = base
        """Gives the server's root address."""
        self.bot_messages_without_unfurl_off = 0
        self.table: dict[str, Callable[[Args], Answer]] = {
            "auth.test": self.auth_test,
            "chat.postMessage": self.post_message,
            "chat.postEphemeral": self.post_ephemeral,
            "chat.update": self.update,
            "chat.delete": self.delete,
            "chat.getPermalink": self.permalink,
            "chat.startStream": self.start_stream,
            "chat.appendStream": self.append_stream,
            "chat.stopStream": self.stop_stream,
            "assistant.threads.setStatus": self.set_status,
            "assistant.threads.setTitle": self.set_title,
            "assistant.threads.setSuggestedPrompts": self.set_prompts,
            "conversations.info": self.channel_info,
            "conversations.members": self.members,
            "conversations.replies": self.replies,
            "conversations.open": self.open_direct,
            "users.info": self.user_info,
            "users.conversations": self.user_conversations,
            "usergroups.list": self.user_groups,
            "reactions.add": self.add_reaction,
            "reactions.remove": self.remove_reaction,
            "files.getUploadURLExternal": self.upload_url,
            "files.completeUploadExternal": self.complete_upload,
            "files.delete": self.delete_file,
            "views.open": self.open_view,
            "views.update": self.open_view,
        }

    def auth_test(self, args: Args) -> Answer:
        """auth.test."""
        del args
        return {
            "user_id": BOT_USER,
            "bot_id": BOT_ID,
            "team_id": TEAM,
            "user": "oakum",
            "url": self.base(),
        }

    def _reachable(self, args: Args, key: str = "channel") -> str:
        channel = str(args.get(key, ""))
        held = self.space.channels.get(channel)
        if held is None or (held.get("is_private") and BOT_USER not in held["members"]):
            raise Refused("channel_not_found")
        if BOT_USER not in held["members"]:
            raise Refused("not_in_channel")
        return channel

    def _content(self, args: Args) -> tuple[str, list[dict[str, Any]]]:
        blocks = _parsed(args.get("blocks"), [])
        text = str(args.get("text") or args.get("markdown_text") or "")
        check_message(text, blocks, self.faults.modern_blocks)
        return text, blocks

    def _thread(self, channel: str, args: Args) -> str:
        thread = str(args.get("thread_ts") or "")
        if thread and self.space.message(channel, thread) is None:
            raise Refused("thread_not_found")
        return thread

    def post_message(self, args: Args) -> Answer:
        """chat.postMessage."""
        channel = self._reachable(args)
        text, blocks = self._content(args)
        if any(
            args.get(key) not in {False, "false", "0"} for key in ("unfurl_links", "unfurl_media")
        ):
            self.bot_messages_without_unfurl_off += 1
        message = Message(
            channel,
            self.space.next_ts(),
            BOT_USER,
            text,
            self._thread(channel, args),
            blocks,
            bot=True,
            metadata=_parsed(args.get("metadata"), {}),
            edits=[text],
            raw=args,
        )
        self.space.messages.append(message)
        return {"channel": channel, "ts": message.ts, "message": message.api()}

    def post_ephemeral(self, args: Args) -> Answer:
        """chat.postEphemeral."""
        channel = self._reachable(args)
        text, blocks = self._content(args)
        user = str(args.get("user", ""))
        if user not in self.space.channels[channel]["members"]:
            raise Refused("user_not_in_channel")
        message = Message(
            channel,
            self.space.next_ts(),
            BOT_USER,
            text,
            str(args.get("thread_ts") or ""),
            blocks,
            bot=True,
            ephemeral_for=user,
            raw=args,
        )
        self.space.ephemeral.append(message)
        return {"message_ts": message.ts}

    def _own(self, args: Args) -> Message:
        found = self.space.message(str(args.get("channel")), str(args.get("ts")))
        if found is None:
            raise Refused("message_not_found")
        if not found.bot:
            raise Refused("cant_update_message")
        return found

    def update(self, args: Args) -> Answer:
        """chat.update."""
        message = self._own(args)
        self._expire(message)
        if message.streaming_since is not None:
            raise Refused("streaming_state_conflict")
        text, blocks = self._content(args)
        message.text, message.blocks, message.raw = text, blocks, args
        message.metadata = _parsed(args.get("metadata"), message.metadata)
        message.edits.append(text)
        return {"channel": message.channel, "ts": message.ts, "text": text}

    def delete(self, args: Args) -> Answer:
        """chat.delete."""
        message = self._own(args)
        message.deleted = True
        return {"channel": message.channel, "ts": message.ts}

    def permalink(self, args: Args) -> Answer:
        """chat.getPermalink."""
        return {
            "permalink": f"https://fake.slack.com/archives/{args['channel']}/p{args['message_ts']}"
        }

    def _expire(self, message: Message) -> None:
        since = message.streaming_since
        if since is not None and time.monotonic() - since > self.faults.stream_age_s:
            message.streaming_since = None

    def start_stream(self, args: Args) -> Answer:
        """chat.startStream."""
        channel = self._reachable(args)
        if not args.get("thread_ts"):
            raise Refused("invalid_arguments", "thread_ts is required")
        if not channel.startswith("D") and not (
            args.get("recipient_user_id") and args.get("recipient_team_id")
        ):
            raise Refused("missing_recipient_user_id")
        text = str(args.get("markdown_text") or "")
        if len(text) > APPEND_MAX:
            raise Refused("msg_too_long")
        message = Message(
            channel,
            self.space.next_ts(),
            BOT_USER,
            text,
            self._thread(channel, args),
            bot=True,
            edits=[text],
            raw=args,
            streamed=True,
        )
        message.streaming_since = time.monotonic()
        self.space.messages.append(message)
        return {"channel": channel, "ts": message.ts}

    def _live(self, args: Args) -> Message:
        message = self._own(args)
        self._expire(message)
        if message.streaming_since is None:
            raise Refused("message_not_in_streaming_state")
        return message

    def append_stream(self, args: Args) -> Answer:
        """chat.appendStream."""
        message = self._live(args)
        text = str(args.get("markdown_text") or "")
        if not text:
            raise Refused("no_text")
        if len(text) > APPEND_MAX or len(message.text) + len(text) > TEXT_MAX:
            raise Refused("msg_too_long")
        message.text += text
        message.edits.append(message.text)
        return {"channel": message.channel, "ts": message.ts}

    def stop_stream(self, args: Args) -> Answer:
        """chat.stopStream."""
        message = self._live(args)
        blocks = _parsed(args.get("blocks"), [])
        text = str(args.get("markdown_text") or "")
        if blocks or text:
            check_message(text, blocks, self.faults.modern_blocks)
        message.text += text
        message.blocks = blocks
        message.streaming_since = None
        return {"channel": message.channel, "ts": message.ts}

    def set_status(self, args: Args) -> Answer:
        """assistant.threads.setStatus."""
        channel = self._reachable(args, "channel_id")
        status = str(args.get("status", ""))
        self.space.statuses.append((channel, str(args["thread_ts"]), status, time.monotonic()))
        return {}

    def set_title(self, args: Args) -> Answer:
        """assistant.threads.setTitle."""
        self.space.titles[str(args["thread_ts"])] = str(args["title"])
        return {}

    def set_prompts(self, args: Args) -> Answer:
        """assistant.threads.setSuggestedPrompts."""
        prompts = _parsed(args.get("prompts"), [])
        if not 1 <= len(prompts) <= 4:
            raise Refused("invalid_arguments", "prompts")
        self.space.prompts[str(args["thread_ts"])] = prompts
        return {}

    def channel_info(self, args: Args) -> Answer:
        """conversations.info."""
        held = self.space.channels.get(str(args.get("channel")))
        if held is None:
            raise Refused("channel_not_found")
        return {"channel": {key: value for key, value in held.items() if key != "members"}}

    def members(self, args: Args) -> Answer:
        """conversations.members, in pages."""
        held = self.space.channels.get(str(args.get("channel")))
        if held is None:
            raise Refused("channel_not_found")
        page, cursor = _page(sorted(held["members"]), args, 100)
        return {"members": page, "response_metadata": {"next_cursor": cursor}}

    def user_conversations(self, args: Args) -> Answer:
        """users.conversations, in pages."""
        user = str(args.get("user") or BOT_USER)
        held = [
            {"id": key, "name": one["name"]}
            for key, one in sorted(self.space.channels.items())
            if user in one["members"]
            and not one.get("is_im")
            and (not one.get("is_private") or BOT_USER in one["members"])
        ]
        page, cursor = _page(held, args, 100)
        return {"channels": page, "response_metadata": {"next_cursor": cursor}}

    def replies(self, args: Args) -> Answer:
        """conversations.replies: the thread's first messages, oldest first."""
        channel = self._reachable(args)
        thread = self.space.in_thread(channel, str(args.get("ts")))
        if not thread:
            raise Refused("thread_not_found")
        oldest = str(args.get("oldest") or "")
        thread = [one for one in thread if one is thread[0] or one.ts >= oldest]
        page, cursor = _page([one.api() for one in thread], args, 1000)
        more = bool(cursor)
        return {"messages": page, "has_more": more, "response_metadata": {"next_cursor": cursor}}

    def open_direct(self, args: Args) -> Answer:
        """conversations.open."""
        return {"channel": {"id": f"D{args['users']}"}}

    def user_info(self, args: Args) -> Answer:
        """users.info."""
        held = self.space.users.get(str(args.get("user")))
        if held is None:
            raise Refused("user_not_found")
        return {"user": held}

    def user_groups(self, args: Args) -> Answer:
        """usergroups.list: members only where they are asked for."""
        groups = [{"id": key, "handle": key.lower()} for key in sorted(self.space.groups)]
        if str(args.get("include_users")).lower() in {"true", "1"}:
            groups = [one | {"users": sorted(self.space.groups[one["id"]])} for one in groups]
        return {"usergroups": groups}

    def add_reaction(self, args: Args) -> Answer:
        """reactions.add."""
        channel = self._reachable(args)
        message = self.space.message(channel, str(args.get("timestamp")))
        if message is None:
            raise Refused("message_not_found")
        if args["name"] in message.reactions:
            raise Refused("already_reacted")
        message.reactions.append(str(args["name"]))
        return {}

    def remove_reaction(self, args: Args) -> Answer:
        """reactions.remove."""
        message = self.space.message(str(args["channel"]), str(args.get("timestamp")))
        if message is None or args["name"] not in message.reactions:
            raise Refused("no_reaction")
        message.reactions.remove(str(args["name"]))
        return {}

    def upload_url(self, args: Args) -> Answer:
        """files.getUploadURLExternal."""
        length = int(args.get("length", 0))
        if length <= 0 or not args.get("filename"):
            raise Refused("invalid_arguments")
        file_id = f"F{len(self.space.files) + 1:06d}"
        self.space.files[file_id] = File(file_id, str(args["filename"]), length)
        return {"upload_url": f"{self.base()}upload/{file_id}", "file_id": file_id}

    def complete_upload(self, args: Args) -> Answer:
        """files.completeUploadExternal: shows the files in a thread."""
        channel = self._reachable(args, "channel_id")
        wanted = _parsed(args.get("files"), [])
        for one in wanted:
            held = self.space.files.get(one["id"])
            if held is None or len(held.content) != held.length:
                raise Refused("file_not_found")
            held.channel, held.thread = channel, str(args.get("thread_ts") or "")
            held.title = str(one.get("title", ""))
        message = Message(
            channel,
            self.space.next_ts(),
            BOT_USER,
            str(args.get("initial_comment") or ""),
            self._thread(channel, args),
            bot=True,
            files=[self.space.files[one["id"]].name for one in wanted],
            raw=args,
        )
        self.space.messages.append(message)
        return {"files": wanted}

    def delete_file(self, args: Args) -> Answer:
        """files.delete: the file goes, the message that showed it stays, and no longer names it."""
        gone = self.space.files.pop(str(args.get("file")), None)
        if gone is None:
            raise Refused("file_not_found")
        for message in self.space.messages:
            if (message.channel, message.thread) == (gone.channel, gone.thread):
                message.files = [one for one in message.files if one != gone.name]
        return {}

    def open_view(self, args: Args) -> Answer:
        """views.open and views.update."""
        view = _parsed(args.get("view"), {})
        check_view(view)
        if not args.get("trigger_id") and not args.get("view_id"):
            raise Refused("invalid_trigger_id")
        view_id = str(args.get("view_id") or f"V{len(self.space.views) + 1:06d}")
        self.space.views[view_id] = view
        return {"view": view | {"id": view_id}}


def _page(items: list[Any], args: Args, most: int) -> tuple[list[Any], str]:
    limit = min(int(args.get("limit") or most), most)
    start = int(args.get("cursor") or 0)
    following = start + limit
    return items[start:following], str(following) if following < len(items) else ""


def _parsed(value: object, empty: Any) -> Any:
    if value in (None, ""):
        return empty
    return json.loads(value) if isinstance(value, str) else value
