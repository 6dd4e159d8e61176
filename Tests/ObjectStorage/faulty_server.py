"""A small server of objects in memory, or a proxy before a real one, that fails when it is told to. For tests.

    python3 faulty_server.py [--tls CERTIFICATE KEY] [UPSTREAM]

Prints its port, and ends when its standard input does. It speaks as much of the S3 API as tests need: GET with ranges and If-Match, HEAD,
PUT with conditions, DELETE, lists in short pages, uploads in parts; and it gives out credentials as STS, containers and machines do.
Objects are below /BUCKET/. A PUT to /-/control changes what it does, a JSON object:

    faults   kinds, one of which is chosen for a request of an object's bytes: cut, reset, close, delay, stall, short, long, shifted, whole, flip,
             or a status such as 503
    rate     the share of requests that fail, of 1
    count    how many requests fail at most
    seed     of the choice
    skew     seconds that its clock is ahead; requests that are signed with another time are refused
    expired  session tokens that are refused
    secrets  credentials that it gives out, by path
    refuse   a status and an S3 code for every request
    plain    paths are files of a web server: no ETag, no S3
    pages    how many names a page of a list has

GET /-/state says what it did: {"injected": {KIND: COUNT}, "requests": [{"method", "path", "headers"}], "connections": COUNT}.
"""
import collections
import email.utils
import hashlib
import http.client
import json
import random
import re
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse
from xml.sax.saxutils import escape

options = sys.argv[1:]
tls = None
if options[:1] == ["--tls"]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(options[1], options[2])
    options = options[3:]
upstream = urllib.parse.urlsplit(options[0]) if options else None
lock = threading.Lock()
objects, uploads = {}, {}
injected = collections.Counter()
requests = []
connections = 0
settings = {}
chance = random.Random(1)


class Answer:
    def __init__(self, status, body=b"", headers=()):
        self.status, self.body, self.headers = status, body, dict(headers)


def error(status, code, message="no"):
    text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message><RequestId>r1</RequestId></Error>"
    return Answer(status, text.encode(), {"x-amz-request-id": "r1"})


def tag(body):
    return '"' + hashlib.md5(body).hexdigest() + '"'


def seconds_of(date):
    return time.mktime(time.strptime(date, "%Y%m%dT%H%M%SZ")) - time.timezone


def refusal(headers):
    """Why a request is refused before it is looked at, or None."""
    if "refuse" in settings:
        return error(*settings["refuse"])
    if headers.get("x-amz-security-token") in settings.get("expired", []):
        return error(400, "ExpiredToken", "The provided token has expired.")
    date = headers.get("x-amz-date")
    if "skew" in settings and date and abs(seconds_of(date) - time.time() - settings["skew"]) > 900:
        return error(403, "RequestTimeTooSkewed")
    return None


def listed(bucket, query):
    prefix, start = query.get("prefix", ""), query.get("continuation-token", "")
    names = sorted(path[len(bucket) + 1:] for path in objects if path.startswith(bucket + "/"))
    names = [name for name in names if name.startswith(prefix) and name > start]
    page = names[: settings.get("pages", 1000)]
    more = len(page) < len(names)
    text = f"<ListBucketResult><Name>{bucket[1:]}</Name><IsTruncated>{str(more).lower()}</IsTruncated>"
    for name in page:
        text += f"<Contents><Key>{escape(name)}</Key><Size>{len(objects[bucket + '/' + name])}</Size></Contents>"
    if more:
        text += f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>"
    return Answer(200, (text + "</ListBucketResult>").encode())


def written(path, headers, body):
    old = objects.get(path)
    if headers.get("if-none-match") == "*" and old is not None:
        return error(412, "PreconditionFailed")
    if "if-match" in headers and (old is None or tag(old) != headers["if-match"]):
        return error(412 if old is not None else 404, "PreconditionFailed" if old is not None else "NoSuchKey")
    claimed = headers.get("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
    if claimed != "UNSIGNED-PAYLOAD" and claimed != hashlib.sha256(body).hexdigest():
        return error(400, "XAmzContentSHA256Mismatch")
    objects[path] = body
    return Answer(200, b"", {"ETag": tag(body)})


def part_of_upload(method, path, query, body):
    """Uploads in parts."""
    if "uploads" in query and method == "GET":
        prefix = query.get("prefix", "")
        text = "<ListMultipartUploadsResult>"
        for number, (name, _) in uploads.items():
            key = name.split("/", 2)[2]
            if key.startswith(prefix):
                text += f"<Upload><Key>{escape(key)}</Key><UploadId>{number}</UploadId></Upload>"
        return Answer(200, (text + "</ListMultipartUploadsResult>").encode())
    if "uploads" in query:
        number = f"upload{len(uploads) + 1}-{chance.randrange(10**9)}"
        uploads[number] = (path, {})
        text = f"<InitiateMultipartUploadResult><UploadId>{number}</UploadId></InitiateMultipartUploadResult>"
        return Answer(200, text.encode())
    number = query["uploadId"]
    if number not in uploads:
        return error(404, "NoSuchUpload")
    parts = uploads[number][1]
    if method == "DELETE":
        del uploads[number]
        return Answer(204)
    if method == "PUT":
        parts[int(query["partNumber"])] = body
        return Answer(200, b"", {"ETag": tag(body)})
    wanted = re.findall(r"<PartNumber>(\d+)</PartNumber><ETag>&quot;(\w+)&quot;</ETag>", body.decode())
    if [(int(n), f'"{e}"') for n, e in wanted] != [(n, tag(parts[n])) for n in sorted(parts)]:
        return error(400, "InvalidPart")
    objects[path] = b"".join(parts[n] for n in sorted(parts))
    del uploads[number]
    return Answer(200, b"<CompleteMultipartUploadResult></CompleteMultipartUploadResult>")


def credentials(method, path, headers, body):
    """STS, a container's endpoint and a machine's: None if the path is another."""
    secrets = settings.get("secrets", {})
    if path == "/latest/api/token" and method == "PUT":
        return Answer(200, b"machine-session") if secrets else Answer(404)
    if path.startswith("/latest/") and headers.get("x-aws-ec2-metadata-token") != "machine-session":
        return Answer(401)
    if path not in secrets:
        return None
    secret = secrets[path]
    if "authorization" in secret and headers.get("authorization") != secret["authorization"]:
        return Answer(403, b"no")
    if "form" in secret and secret["form"] not in body.decode():
        return error(403, "AccessDenied")
    return Answer(secret.get("status", 200), secret["body"].encode())


def object_answer(method, target, headers, body):
    path, _, text = target.partition("?")
    path = urllib.parse.unquote(path)
    query = dict(urllib.parse.parse_qsl(text, keep_blank_values=True))
    found = credentials(method, path, headers, body)
    if found is not None:
        return found
    refused = refusal(headers)
    if refused is not None:
        return refused
    if query.get("list-type") == "2":
        return listed(path, query)
    if "uploads" in query or "uploadId" in query:
        return part_of_upload(method, path, query, body)
    if method == "PUT":
        return written(path, headers, body)
    if method == "DELETE":
        objects.pop(path, None)
        return Answer(204)
    if path not in objects:
        return Answer(404, b"nothing") if "plain" in settings else error(404, "NoSuchKey")
    return bytes_of(objects[path], headers)


def bytes_of(whole, headers):
    known = {"Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"} if "plain" in settings else {"ETag": tag(whole)}
    if "if-match" in headers and headers["if-match"] != known.get("ETag"):
        return error(412, "PreconditionFailed")
    match = re.fullmatch(r"bytes=(\d+)-(\d+)", headers.get("range", ""))
    if not match:
        return Answer(200, whole, known)
    first, last = int(match[1]), min(int(match[2]), len(whole) - 1)
    if first > last:
        return error(416, "InvalidRange")
    return Answer(206, whole[first:last + 1], {**known, "Content-Range": f"bytes {first}-{last}/{len(whole)}"})


def upstream_answer(method, target, headers, body):
    connection = http.client.HTTPConnection(upstream.hostname, upstream.port, timeout=60)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            if name != "connection":
                connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        content = response.read()
        kept = {k: v for k, v in response.getheaders() if k.lower() not in ("connection", "transfer-encoding", "date")}
        return Answer(response.status, content, kept)
    finally:
        connection.close()


def control(method, body):
    global chance
    with lock:
        if method == "PUT":
            settings.clear()
            settings.update(json.loads(body))
            chance = random.Random(settings.get("seed", 1))
            injected.clear()
            requests.clear()
            return Answer(200)
        state = {"injected": dict(injected), "requests": requests, "connections": connections, "uploads": len(uploads)}
        return Answer(200, json.dumps(state).encode())


def fault(method, headers):
    """What goes wrong with this request, or None."""
    with lock:
        kinds = settings.get("faults", [])
        if not kinds or (method != "GET" and not settings.get("writes")) or chance.random() >= settings.get("rate", 1):
            return None
        if sum(injected.values()) >= settings.get("count", 10**9):
            return None
        kind = chance.choice(kinds)
        if "range" not in headers and kind in ("shifted", "whole", "short", "long", "flip"):
            return None
        injected[str(kind)] += 1
        return kind


def read_request(stream):
    line = stream.readline().decode("latin-1").split()
    if len(line) != 3:
        return None
    headers = {}
    while (text := stream.readline().decode("latin-1").strip()):
        name, _, value = text.partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    return line[0], line[1], headers, body


def send(client, method, answer, kind):
    """Sends an answer, whole or damaged; False if the connection is to be closed."""
    body, headers, status = answer.body, dict(answer.headers), answer.status
    length = len(body)
    half = length // 2
    is_good = 200 <= status < 300
    if isinstance(kind, int):
        retry = {"Retry-After": "0"} if kind in (429, 503) else {}
        answer = error(kind, "SlowDown")
        status, body, length, headers = kind, answer.body, len(answer.body), {**answer.headers, **retry}
    elif kind == "short" and is_good:
        body, length = body[:half], half
    elif kind == "long" and is_good:
        body, length = body + b"more", length + 4
    elif kind == "shifted" and is_good and "Content-Range" in headers:
        first, last, total = map(int, re.findall(r"\d+", headers["Content-Range"]))
        headers["Content-Range"] = f"bytes {first + 1}-{last + 1}/{total}"
    elif kind == "flip" and is_good and body:
        body = body[:half] + bytes([body[half] ^ 1]) + body[half + 1:]
    head = f"HTTP/1.1 {status} x\r\n"
    headers = {k: v for k, v in headers.items() if k.lower() != "content-length"}
    headers["Date"] = email.utils.formatdate(time.time() + settings.get("skew", 0), usegmt=True)
    if method == "HEAD" and "Content-Length" in answer.headers:
        length = int(answer.headers["Content-Length"])
    if status != 204:
        headers["Content-Length"] = length
    head += "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n"
    if kind == "delay":
        time.sleep(0.2)
    if method == "HEAD":
        body = b""
    if kind not in ("cut", "reset", "stall"):
        client.sendall(head.encode() + body)
        return True
    client.sendall(head.encode() + body[:half])
    if kind == "stall":
        time.sleep(settings.get("stall", 8))
    if kind == "reset":
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def serve(client):
    global connections
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        if tls:
            client = tls.wrap_socket(client, server_side=True)
    except OSError:
        client.close()
        return
    stream = client.makefile("rb")
    try:
        with lock:
            connections += 1
        while (request := read_request(stream)):
            method, target, headers, body = request
            if target in ("/-/control", "/-/state"):
                send(client, method, control(method, body), None)
                continue
            kind = fault(method, headers)
            with lock:
                if len(requests) < 10_000:
                    requests.append({"method": method, "path": target, "headers": headers})
            if kind == "close":
                break
            if kind == "whole":
                headers.pop("range", None)
            if upstream:
                answer = upstream_answer(method, target, headers, body)
            else:
                with lock:
                    answer = object_answer(method, target, headers, body)
            if not send(client, method, answer, kind):
                break
    except OSError:
        pass
    finally:
        stream.close()
        client.close()


def accept(server):
    while True:
        client, _ = server.accept()
        threading.Thread(target=serve, args=(client,), daemon=True).start()


server = socket.create_server(("127.0.0.1", 0), backlog=256)
print(server.getsockname()[1], flush=True)
threading.Thread(target=accept, args=(server,), daemon=True).start()
sys.stdin.read()
