"""Drives stomp.py through the scenarios of ../scenario.ts: stomp_py.py <port> <version>, one JSON line for each."""

import json
import queue
import sys
import threading

import stomp

PORT, VERSION = int(sys.argv[1]), sys.argv[2]
PATIENCE = 30
CONNECTIONS = {"1.0": stomp.StompConnection10, "1.1": stomp.StompConnection11, "1.2": stomp.StompConnection12}
TEXT = "Grüße, 世界 🐎\nsecond line"
ODD = {"1.0": "a:b\\d", "1.1": "a:b\\d\ne", "1.2": "a:b\\d\ne\rf"}[VERSION]


class Inbox(stomp.ConnectionListener):
    """Queues what arrives, by kind."""

    def __init__(self):
        self.connected = None
        self.messages, self.receipts, self.errors, self.beats = (queue.Queue() for _ in range(4))
        self.gone = threading.Event()

    def on_connected(self, frame):
        self.connected = frame

    def on_message(self, frame):
        self.messages.put(frame)

    def on_receipt(self, frame):
        self.receipts.put(frame.headers["receipt-id"])

    def on_error(self, frame):
        self.errors.put(frame)

    def on_heartbeat(self):
        self.beats.put(True)

    def on_disconnected(self):
        self.gone.set()


class Client:
    def __init__(self, headers=None, **options):
        self.inbox = Inbox()
        self.raw = CONNECTIONS[VERSION]([("127.0.0.1", PORT)], **options)
        self.raw.set_listener("inbox", self.inbox)
        self.raw.connect("clients", "secret", wait=True, headers=headers)

    def expect_receipt(self, name):
        got = self.inbox.receipts.get(timeout=PATIENCE)
        assert got == name, f"receipt {got} instead of {name}"
        return got

    def message(self):
        return self.inbox.messages.get(timeout=PATIENCE)

    def messages(self, count):
        return [self.message() for _ in range(count)]

    def subscribe(self, destination, id, ack="auto", **headers):
        # STOMP 1.0 knows no ids; there the destination is enough.
        self.raw.subscribe(destination, None if VERSION == "1.0" else id, ack, headers={"receipt": id, **headers})
        return self.expect_receipt(id)

    def send(self, destination, body, **headers):
        self.raw.send(destination, body, headers={"receipt": "sent", **headers})
        return self.expect_receipt("sent")

    def answer(self, verb, message, receipt, transaction=None):
        headers = message.headers
        ids = {
            "1.0": lambda: [headers["message-id"]],
            "1.1": lambda: [headers["message-id"], headers["subscription"]],
            "1.2": lambda: [headers["ack"]],
        }[VERSION]()
        getattr(self.raw, verb)(*ids, transaction=transaction, receipt=receipt)
        return self.expect_receipt(receipt)

    def close(self):
        self.raw.disconnect(receipt="bye")
        receipt = self.expect_receipt("bye")
        return {"receipt": receipt, "closed": self.inbox.gone.wait(PATIENCE)}


def seen(message):
    """What the tests compare of a message that may come again."""
    headers = message.headers
    return [message.body, headers.get("redelivered"), headers.get("delivery-count")]


def connect():
    client = Client()
    headers = client.inbox.connected.headers
    return {
        "version": headers.get("version"),
        "server": headers.get("server"),
        "heartBeat": headers.get("heart-beat"),
        "user": headers.get("user-name"),
        "disconnected": client.close(),
    }


def topic():
    client = Client()
    receipts = [client.subscribe("/topic/plain", "plain"), client.subscribe("/topic/wild/*", "wild")]
    receipts.append(client.send("/topic/plain", TEXT, odd=ODD, **{"grüße": "世界", "content-type": "text/plain"}))
    receipts.append(client.send("/topic/wild/one", ""))
    plain, wild = client.messages(2)
    client.close()
    return {
        "receipts": receipts,
        "body": plain.body,
        "odd": plain.headers["odd"],
        "greeting": plain.headers["grüße"],
        "contentType": plain.headers["content-type"],
        "wild": [wild.headers["destination"], wild.body],
    }


def binary():
    client = Client(auto_decode=False)
    client.subscribe("/topic/binary", "binary")
    client.send("/topic/binary", bytes(range(256)))
    body = client.message().body
    client.close()
    return body.hex()


def kept():
    client = Client()
    client.send("/queue/kept", "first")
    client.send("/queue/kept", "second")
    client.subscribe("/queue/kept", "kept")
    bodies = [message.body for message in client.messages(2)]
    client.close()
    return bodies


def individual():
    client = Client()
    client.subscribe("/queue/individual", "individual", "client-individual")
    for body in ("1", "2", "3"):
        client.send("/queue/individual", body)
    given = client.messages(3)
    client.answer("ack", given[1], "acked")
    again = None
    if VERSION != "1.0":
        client.answer("nack", given[0], "nacked")
        again = seen(client.message())
    client.close()
    other = Client()
    other.subscribe("/queue/individual", "individual")
    other.send("/queue/individual", "4")
    left = [seen(message) for message in other.messages(3)]
    other.close()
    return {"given": [seen(message) for message in given], "again": again, "left": left}


def cumulative():
    client = Client()
    client.subscribe("/queue/cumulative", "cumulative", "client")
    for body in ("1", "2", "3"):
        client.send("/queue/cumulative", body)
    given = client.messages(3)
    client.answer("ack", given[1], "acked")
    client.close()
    other = Client()
    other.subscribe("/queue/cumulative", "cumulative")
    other.send("/queue/cumulative", "4")
    left = [seen(message) for message in other.messages(2)]
    other.close()
    return {"given": [seen(message) for message in given], "left": left}


def transactions():
    client = Client()
    raw = client.raw
    client.subscribe("/queue/out", "out")
    raw.begin("t1")
    raw.send("/queue/out", "aborted", transaction="t1")
    raw.abort("t1", receipt="aborted")
    receipts = [client.expect_receipt("aborted")]
    raw.begin("t2")
    raw.send("/queue/out", "one", transaction="t2")
    raw.send("/queue/out", "two", transaction="t2")
    raw.commit("t2", receipt="committed")
    receipts.append(client.expect_receipt("committed"))
    committed = [message.body for message in client.messages(2)]

    client.subscribe("/queue/in", "in", "client-individual")
    client.send("/queue/in", "work")
    raw.begin("t3")
    client.answer("ack", client.message(), "taken in", "t3")
    raw.abort("t3", receipt="aborted")
    client.expect_receipt("aborted")
    client.close()

    second = Client()
    second.subscribe("/queue/in", "in", "client-individual")
    work = second.message()
    second.raw.begin("t4")
    second.answer("ack", work, "taken in", "t4")
    second.raw.commit("t4", receipt="committed")
    second.expect_receipt("committed")
    second.close()

    third = Client()
    third.subscribe("/queue/in", "in")
    third.send("/queue/in", "next")
    after = third.message()
    third.close()
    return {"receipts": receipts, "committed": committed, "afterAbort": seen(work), "afterCommit": seen(after)}


def many():
    client = Client()
    bodies = {}
    for destination in ("/queue/many", "/topic/many"):
        client.subscribe(destination, destination)
        for i in range(1, 1001):
            client.raw.send(destination, str(i))
        bodies[destination] = [int(message.body) for message in client.messages(1000)]
    client.close()
    return bodies


def reply():
    asking, answering = Client(), Client()
    answering.subscribe("/queue/service", "service")
    asking.subscribe("/temp-queue/answers", "answers")
    asking.send("/queue/service", "question", **{"reply-to": "/temp-queue/answers", "correlation-id": "c-1"})
    question = answering.message()
    address = question.headers["reply-to"]
    answering.send(address, f"{question.body}: answer", **{"correlation-id": question.headers["correlation-id"]})
    answer = asking.message()
    asking.close()
    answering.close()
    return {
        "isPrivate": address != "/temp-queue/answers",
        "body": answer.body,
        "correlation": answer.headers["correlation-id"],
        "destination": answer.headers["destination"],
    }


def durable():
    name = {"client-id": "stomp.py"}
    client = Client(name)
    client.raw.subscribe("/topic/durable", "news", headers={"durable": "true", "receipt": "news"})
    client.expect_receipt("news")
    client.close()
    other = Client()
    other.send("/topic/durable", "missed")
    other.close()
    again = Client(name)
    again.raw.subscribe("/topic/durable", "news", headers={"durable": "true", "receipt": "news"})
    again.expect_receipt("news")
    body = again.message().body
    again.raw.unsubscribe("news", headers={"receipt": "ended"})
    again.expect_receipt("ended")
    again.close()
    return body


def error():
    client = Client()
    client.raw.send("/nowhere", "x", headers={"receipt": "refused"})
    frame = client.inbox.errors.get(timeout=PATIENCE)
    return {
        "code": frame.headers["code"],
        "message": frame.headers["message"],
        "receipt": frame.headers["receipt-id"],
        "hasCure": frame.body != "",
        "closed": client.inbox.gone.wait(PATIENCE),
    }


def heartBeats():
    # What the server sends every 500 ms may come late on a busy machine.
    client = Client(heartbeats=(1000, 500), heart_beat_receive_scale=20)
    for _ in range(7):
        client.inbox.beats.get(timeout=PATIENCE)
    # By now the server would have judged a silent client.
    receipt = client.send("/topic/plain", "still here")
    client.close()
    return receipt


SCENARIOS = [connect, topic, binary, kept, individual, cumulative, transactions, many, reply, error]
if VERSION == "1.2":
    SCENARIOS += [durable, heartBeats]

for scenario in SCENARIOS:
    try:
        line = {"scenario": scenario.__name__, "result": scenario()}
    except Exception as fault:
        line = {"scenario": scenario.__name__, "error": f"{type(fault).__name__}: {fault}"}
    print(json.dumps(line), flush=True)
