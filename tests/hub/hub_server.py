"""A small Hub on loopback: enough of the Hugging Face Hub's HTTP API for the real client, and its accidents.

Two servers, as there: the Hub proper (metadata, small files, API) and a storage host that large files are
redirected to, which must never see a token. Answers follow the Hub's: error codes in `X-Error-Code`, a commit
in `X-Repo-Commit`, git's blob hash as ETag of a small file and SHA-256 as that of a large one.
"""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

LARGE_SUFFIX = ".safetensors"


@dataclass
class Repo:
    private: bool = False
    gated: bool = False
    branches: dict[str, str] = field(default_factory=dict)
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def commit(self, files: dict[str, bytes], branch: str = "main") -> str:
        """Add files to a branch and return the commit."""
        tree = {**self.commits.get(self.branches.get(branch, ""), {}), **files}
        text = json.dumps(
            [len(self.commits), *((name, etag_of(name, content)) for name, content in tree.items())]
        )
        commit = hashlib.sha1(text.encode()).hexdigest()
        self.commits[commit] = tree
        self.branches[branch] = commit
        return commit

    def resolve(self, revision: str) -> str | None:
        commit = self.branches.get(revision, revision)
        return commit if commit in self.commits else None


def etag_of(name: str, content: bytes) -> str:
    if name.endswith(LARGE_SUFFIX):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content)).hexdigest()


@dataclass(frozen=True)
class Seen:
    """One request that came in."""

    host: str
    method: str
    path: str
    bytes_from: int
    token: str | None


class Hub:
    """The state of both servers. Repositories, and what should go wrong, are set from the test."""

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.tokens = {"hf_reader": "read", "hf_writer": "write"}
        self.storage: dict[str, bytes] = {}
        self.seen: list[Seen] = []
        self.cuts: list[int] = []
        """For each coming download of a large file: the bytes after which the connection is cut."""
        self.alter_downloads = 0
        """So many downloads of large files arrive with a wrong byte."""
        self.alter_small_files = False
        self.status: int | None = None
        """Answer everything with this status."""
        self.silent = False
        """Requests are taken and not answered."""
        self.drips = False
        """The content of a large file comes a byte at a time."""
        self.released = threading.Event()
        """Set to end all silence and dripping."""
        self._hub, self._storage = _serve(HubHandler, self), _serve(StorageHandler, self)
        self.endpoint = f"http://127.0.0.1:{self._hub.server_port}"
        self.storage_endpoint = f"http://127.0.0.1:{self._storage.server_port}"

    def repo(self, repo_id: str, files: dict[str, bytes], **properties: bool) -> Repo:
        repo = self.repos[repo_id] = Repo(**properties)
        repo.commit(files)
        return repo

    def downloads(self, suffix: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.method == "GET" and seen.path.endswith(suffix)]

    def stop(self) -> None:
        self.released.set()
        for server in (self._hub, self._storage):
            server.shutdown()
            server.server_close()


@contextmanager
def running_hub() -> Iterator[Hub]:
    hub = Hub()
    try:
        yield hub
    finally:
        hub.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    hub: Hub


def _serve(handler: type["Handler"], hub: Hub) -> _Server:
    server = _Server(("127.0.0.1", 0), handler)
    server.hub = hub
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return server


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    host: str

    @property
    def hub(self) -> Hub:
        return self.server.hub

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._handle()

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def do_PUT(self) -> None:
        self._handle()

    def _handle(self) -> None:
        self.body = self._body()
        self.token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
        self.bytes_from = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").split("-")[0])
        path = urlsplit(self.path).path
        self.hub.seen.append(Seen(self.host, self.command, path, self.bytes_from, self.token))
        if self.hub.silent and not self.hub.released.is_set():
            self.hub.released.wait(60)
            self.close_connection = True
            return None
        if self.hub.status is not None:
            return self.answer(self.hub.status)
        self.handle_path(path)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def handle_path(self, path: str) -> None:
        raise NotImplementedError

    def answer(self, status: int, content: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.write(content)

    def write(self, content: bytes) -> None:
        self.wfile.write(content)

    def answer_json(self, content: object, status: int = 200) -> None:
        self.answer(status, json.dumps(content).encode(), Content_Type="application/json")

    def refuse(self, status: int, code: str, message: str) -> None:
        self.answer(status, X_Error_Code=code, X_Error_Message=message)


class StorageHandler(Handler):
    """Where large files are: GET with ranges by SHA-256, PUT of uploads."""

    host = "storage"

    def handle_path(self, path: str) -> None:
        if self.token is not None:  # as a signed URL: a second authorisation is refused
            return self.answer(400)
        sha256 = path.strip("/").split("/")[0]
        if self.command == "PUT":
            if hashlib.sha256(self.body).hexdigest() != sha256:
                return self.answer(400)
            self.hub.storage[sha256] = self.body
            return self.answer(200)
        content = self.hub.storage[sha256]
        if self.command == "GET" and self.hub.alter_downloads > 0:
            self.hub.alter_downloads -= 1
            content = content[:-1] + bytes([content[-1] ^ 1])
        part = content[self.bytes_from :]
        whole = self.bytes_from == 0
        headers = {"Content_Length": str(len(part)), "Accept_Ranges": "bytes"}
        if not whole:
            headers["Content_Range"] = f"bytes {self.bytes_from}-{len(content) - 1}/{len(content)}"
        if self.command == "GET" and self.hub.cuts:
            part = part[: self.hub.cuts.pop(0)]
            self.close_connection = True
        self.answer(200 if whole else 206, part, **headers)

    def write(self, content: bytes) -> None:
        sent = 0
        while self.hub.drips and sent < len(content) and not self.hub.released.wait(0.02):
            self.wfile.write(content[sent : sent + 1])
            sent += 1
        self.wfile.write(content[sent:])


class HubHandler(Handler):
    """Metadata, small files and the API."""

    host = "hub"

    def handle_path(self, path: str) -> None:
        parts = [unquote(part) for part in path.strip("/").split("/")]  # a branch's name may hold a slash
        if parts[2:3] == ["resolve"]:
            return self.resolve("/".join(parts[:2]), parts[3], "/".join(parts[4:]))
        if path == "/api/repos/create":
            return self.create_repo(json.loads(self.body))
        if path == "/api/validate-yaml":
            return self.answer_json({"errors": [], "warnings": []})
        if path.endswith(".git/info/lfs/objects/batch"):
            return self.lfs_batch(json.loads(self.body))
        if parts[:2] == ["api", "models"] and len(parts) == 6:
            return self.model_api("/".join(parts[2:4]), parts[4], parts[5])
        return self.answer(404)

    def may_read(self, repo_id: str) -> bool:
        """Whether the repository may be seen; answers the request otherwise."""
        repo = self.hub.repos.get(repo_id)
        if self.token is not None and self.token not in self.hub.tokens:
            self.refuse(401, "", "Invalid credentials in Authorization header")
        elif repo is None or (repo.private and self.token is None):
            self.refuse(401 if self.token is None else 404, "RepoNotFound", "Repository not found")
        elif repo.gated and self.token is None:
            self.refuse(401, "GatedRepo", f"Access to model {repo_id} is restricted.")
        else:
            return True
        return False

    def may_write(self) -> bool:
        if self.token is None:
            self.refuse(401, "", "Invalid username or password.")
        elif self.hub.tokens.get(self.token) != "write":
            self.refuse(403, "", "You don't have the rights to create a model under this namespace")
        else:
            return True
        return False

    def resolve(self, repo_id: str, revision: str, name: str) -> None:
        if not self.may_read(repo_id):
            return None
        repo = self.hub.repos[repo_id]
        commit = repo.resolve(revision)
        if commit is None:
            return self.refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if name not in repo.commits[commit]:
            return self.answer(
                404, X_Error_Code="EntryNotFound", X_Error_Message="Entry not found", X_Repo_Commit=commit
            )
        content = repo.commits[commit][name]
        etag = etag_of(name, content)
        if not name.endswith(LARGE_SUFFIX):
            if self.hub.alter_small_files:
                content = content.replace(b":", b";", 1)
            return self.answer(200, content, ETag=f'"{etag}"', X_Repo_Commit=commit)
        self.hub.storage[etag] = content
        return self.answer(
            302,
            Location=f"{self.hub.storage_endpoint}/{etag}/{name}",
            ETag='"of-the-redirect"',
            X_Repo_Commit=commit,
            X_Linked_Etag=f'"{etag}"',
            X_Linked_Size=str(len(content)),
        )

    def create_repo(self, wanted: dict[str, Any]) -> None:
        if not self.may_write():
            return None
        repo_id = f"{wanted['organization']}/{wanted['name']}"
        url = f"{self.hub.endpoint}/{repo_id}"
        if repo_id in self.hub.repos:
            return self.answer_json({"error": "You already created this model repo", "url": url}, status=409)
        private = bool(wanted.get("private")) or wanted.get("visibility") == "private"
        self.hub.repo(repo_id, {".gitattributes": b""}, private=private)
        return self.answer_json({"url": url, "name": repo_id})

    def model_api(self, repo_id: str, verb: str, revision: str) -> None:
        if not self.may_read(repo_id):
            return None
        repo = self.hub.repos[repo_id]
        commit = repo.resolve(revision)
        if self.command == "GET" and verb == "revision" and commit is not None:
            return self.answer_json({"id": repo_id, "sha": commit, "private": repo.private})
        if not self.may_write():
            return None
        if verb == "branch":
            if revision in repo.branches:
                return self.answer_json({"error": "Reference already exists"}, status=409)
            repo.branches[revision] = repo.branches["main"]
            return self.answer_json({})
        if commit is None:
            return self.refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if verb == "preupload":
            return self.answer_json(
                {"files": [self.upload_mode(file["path"]) for file in json.loads(self.body)["files"]]}
            )
        if verb == "commit":
            return self.commit(repo_id, revision)
        return self.answer(404)

    @staticmethod
    def upload_mode(path: str) -> dict[str, Any]:
        mode = "lfs" if path.endswith(LARGE_SUFFIX) else "regular"
        return {"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": None}

    def lfs_batch(self, wanted: dict[str, Any]) -> None:
        if not self.may_write():
            return None
        objects = []
        for item in wanted["objects"]:
            answer = {"oid": item["oid"], "size": item["size"]}
            if item["oid"] not in self.hub.storage:
                answer["actions"] = {"upload": {"href": f"{self.hub.storage_endpoint}/{item['oid']}"}}
            objects.append(answer)
        return self.answer_json({"transfer": "basic", "objects": objects})

    def commit(self, repo_id: str, branch: str) -> None:
        files = {}
        for line in self.body.splitlines():
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif entry["key"] == "lfsFile":
                if value["oid"] not in self.hub.storage:
                    return self.answer_json({"error": "LFS object was not uploaded"}, status=400)
                files[value["path"]] = self.hub.storage[value["oid"]]
        commit = self.hub.repos[repo_id].commit(files, branch)
        return self.answer_json(
            {
                "success": True,
                "commitOid": commit,
                "commitUrl": f"{self.hub.endpoint}/{repo_id}/commit/{commit}",
            }
        )
