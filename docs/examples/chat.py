#!/usr/bin/env python3
"""A GoChat client, written from docs/protocol.md alone. Python 3.10 or newer, and one package: pip install websockets==17.4

    python3 chat.py http://127.0.0.1:21101 alice 'a long password' bob

Registers or logs in, opens the direct conversation with bob, who has registered, shows it, and sends every line of its input."""
import json, queue, random, sys, threading, time, uuid
from contextlib import suppress
from urllib import error, parse, request
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import connect


def call(base: str, method: str, path: str, body: dict | None = None, token: str = "") -> dict:
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
    data = json.dumps(body).encode() if body else None
    with request.urlopen(request.Request(base + path, data, headers, method=method), timeout=15) as answer:
        return json.load(answer)


def enter(base: str, name: str, password: str) -> dict:
    account = {"name": name, "password": password, "deviceId": "chat.py"}
    try:
        return call(base, "POST", "/auth/register", account)
    except error.HTTPError as refused:
        if json.load(refused)["error"]["code"] != "USERNAME_TAKEN":
            raise
        return call(base, "POST", "/auth/login", account)


class Chat:
    """One conversation: what is written is sent until acknowledged; what arrives is shown once, in order, without gaps."""
    def __init__(self, base: str, login, conversation_id: str, peer: str) -> None:
        self.url = base.replace("http", "ws", 1) + "/ws"
        self.login, self.conversation_id, self.peer = login, conversation_id, peer
        self.typed, self.is_ready, self.user_id, self.pause = queue.SimpleQueue(), False, "", 0.5
        self.held = 0  # everything up to this seq has been shown
        self.early: dict[int, dict] = {}  # seq → entry that came before its turn
        self.outbox: dict[str, dict] = {}  # clientMessageId → message, in order, until its ack
        self.asked: set[str] = set()  # the ids in the one send frame that is not yet answered
        self.sync_at = self.fill_at = self.send_at = 0.0  # when it is time to

    def run(self) -> None:
        while True:
            self.come_back_after = self.pause * (0.5 + random.random())
            try:
                self.token = self.login()["accessToken"]  # a fresh one for every connection
                with connect(self.url) as self.socket:
                    while True:
                        with suppress(TimeoutError):
                            self.receive(json.loads(self.socket.recv(timeout=0.1)))
                        if self.is_ready:
                            self.do_what_is_due()
            except (ConnectionClosed, InvalidHandshake, OSError) as end:
                code = end.rcvd.code if isinstance(end, ConnectionClosed) and end.rcvd else 1006
            self.is_ready, self.pause = False, min(self.pause * 2, 30)
            if code in (1007, 1008, 1009) or (code >= 4500 and code != 4501):
                return print("! closed for good:", code, file=sys.stderr)
            time.sleep(self.come_back_after)

    def say(self, **frame) -> None:
        self.socket.send(json.dumps(frame))

    def receive(self, frame: dict) -> None:
        kind = frame["t"]
        if kind == "hello":
            self.say(t="auth", token=self.token)
        elif kind == "ready":
            self.is_ready, self.user_id, self.pause = True, frame["userId"], 0.5
            self.sync_at = self.send_at = 0.0
        elif kind == "resync":
            self.sync_at = 0.0
        elif kind == "ping":
            self.say(t="pong")
        elif kind == "reconnect":  # said before the socket closes
            self.come_back_after = frame["afterMs"] / 1000
        elif kind == "message" and frame["conversationId"] == self.conversation_id:
            self.apply(frame)
        elif kind == "ack":
            self.take_ack(frame["results"])
        elif kind == "synced":
            self.fetch({h["conversationId"]: h["lastSeq"] for h in frame["conversations"]}.get(self.conversation_id, 0))
        elif kind == "page":
            for entry in frame["entries"]:
                self.apply(entry)
            if frame["entries"]:
                self.fetch(frame["lastSeq"])
        elif kind == "error":
            print("!", frame["error"]["code"], frame["error"]["message"], file=sys.stderr, flush=True)

    def do_what_is_due(self) -> None:
        now = time.monotonic()
        if now >= self.sync_at:
            self.sync_at = now + 180
            self.say(t="sync", id="sync", have={self.conversation_id: self.held})
        if self.early and now >= self.fill_at:
            self.fill_at = now + 5
            self.fetch(min(self.early) - 1)
        while not self.typed.empty():
            message = {"clientMessageId": str(uuid.uuid4()), "type": "text", "body": {"text": self.typed.get()}}
            self.outbox[message["clientMessageId"]] = message
        if self.outbox and now >= self.send_at:
            self.send_at = now + 10
            messages = list(self.outbox.values())[:50]
            self.asked = {message["clientMessageId"] for message in messages}
            self.say(t="send", id="send", conversationId=self.conversation_id, messages=messages)

    def fetch(self, up_to: int) -> None:
        if up_to > self.held:
            self.say(t="history", id="page", conversationId=self.conversation_id, afterSeq=self.held, upToSeq=up_to)

    def apply(self, entry: dict) -> None:
        if entry["seq"] > self.held:
            if not self.early:
                self.fill_at = time.monotonic() + 0.5  # what is missing may be just behind
            self.early[entry["seq"]] = entry
        while entry := self.early.pop(self.held + 1, None):
            self.held += 1
            text = entry["body"]["text"] if entry["type"] in ("text", "action") else f"({entry['type']})"
            print(self.held, f"{'me' if entry['senderId'] == self.user_id else self.peer}: {text}", flush=True)

    def take_ack(self, results: list[dict]) -> None:
        pause_ms = 0
        for result in results:
            self.asked.discard(result["clientMessageId"])
            problem = result.get("error")
            if problem and problem["retryable"]:
                pause_ms = max(pause_ms, problem.get("retryAfterMs", 500))
            elif message := self.outbox.pop(result["clientMessageId"], None):
                if problem:
                    print("!", problem["code"], problem["message"], file=sys.stderr, flush=True)
                else:  # the ack is this connection's own copy
                    self.apply({**message, "seq": result["seq"], "senderId": self.user_id})
        if not self.asked:
            self.send_at = time.monotonic() + pause_ms / 1000


def main(base: str, name: str, password: str, peer: str) -> None:
    me = enter(base, name, password)
    other = call(base, "GET", f"/users?name={parse.quote(peer, safe='')}", token=me["accessToken"])
    wish = {"commandId": str(uuid.uuid4()), "userId": other["id"]}
    conversation = call(base, "POST", "/conversations/direct", wish, me["accessToken"])
    chat = Chat(base, lambda: enter(base, name, password), conversation["id"], peer)
    threading.Thread(target=lambda: [chat.typed.put(line.rstrip("\n")) for line in sys.stdin], daemon=True).start()
    chat.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
